import { isIP } from 'node:net'
import { bareHost, shortReason } from '../addresses.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, note, ok, skipped } from '../finding.ts'
import { described } from '../http-client.ts'
import { isAlive, liveAnswer } from '../live-answer.ts'
import { reachableAddresses } from '../tried-addresses.ts'

/** A client whose connection breaks goes on at the next address: it must be as good as the first. */
export const addressesCheck: Check = {
  name: 'addresses',
  about: 'the server answers at each address of the host, not at one of them only',
  needs: ['health'],
  async run(deployment, signal) {
    const addresses = await reachableAddresses(deployment, signal)
    const all = await deployment.addresses()
    if (all.length < 2) return note(`the host has one address: ${all.join()}`)
    if (addresses.length < 2) {
      return skipped(`of ${all.length} addresses one can be tried from here: ${addresses.join()}`)
    }
    for (const address of addresses) {
      const wrong = await wrongAt(deployment, address, signal)
      if (wrong !== undefined) return elsewhere(deployment, address, wrong)
    }
    const untried = all.filter((address) => !addresses.includes(address))
    return untried.length > 0
      ? skipped(`at ${addresses.join(', ')}; from here there is no way to ${untried.join(', ')}`)
      : ok(`at ${addresses.join(', ')}`)
  },
}

/** Why what answers there is not the server; nothing if it is. */
async function wrongAt(
  deployment: Deployment,
  address: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const answer = await liveAnswer(deployment, signal, address)
    return isAlive(answer) ? undefined : `${described(answer)} answers`
  } catch (error) {
    signal.throwIfAborted()
    return shortReason(error)
  }
}

function elsewhere({ publicUrl }: Deployment, address: string, wrong: string): Finding {
  const host = bareHost(publicUrl.hostname)
  const isV6 = isIP(address) === 6
  return failed(
    `at ${address} it is not the server that answers (${wrong}): clients that pick this address cannot upload`,
    {
      where: `nginx, inside server { server_name ${host}; }, beside its other listen`,
      lines: [isV6 ? 'listen [::]:443 ssl;' : 'listen 443 ssl;'],
    },
    {
      where: `DNS, the zone of ${host}: if the address is another machine's, remove this`,
      lines: [`${host}. IN ${isV6 ? 'AAAA' : 'A'} ${address}`],
    },
  )
}
