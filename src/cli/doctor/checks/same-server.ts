import type { Check } from '../check.ts'
import type { Deployment, Upload } from '../deployment.ts'
import { type Finding, failed, ok } from '../finding.ts'
import { type Answer, described } from '../http-client.ts'
import { otherServer } from '../other-server.ts'
import { inNginx, isTooMany, withoutLimits } from '../remedies.ts'
import { reachableAddresses } from '../tried-addresses.ts'

/** Enough to meet each of two servers, and few enough for every limit of requests. */
const ROUNDS = 6

/**
 * A client comes back on another connection, from another network, at another address: wherever it
 * lands, its upload must be known. So a file is asked for again and again, at each address in turn.
 */
export const sameServerCheck: Check = {
  name: 'same-server',
  about: 'what one connection brought is known on each other one, at each address',
  needs: ['upload', 'addresses'],
  async run(deployment, signal) {
    const upload = await deployment.upload(signal)
    const reachable = await reachableAddresses(deployment, signal)
    const unknown: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const address = reachable[round % reachable.length]
      const answer = await askedFor(deployment, upload, { address, signal })
      if (answer.status !== 200 && answer.status !== 404) return refused(deployment, answer)
      if (answer.status === 404) unknown.push(`${described(answer)} at ${address ?? 'the host'}`)
    }
    return judged(unknown, reachable)
  },
}

async function askedFor(
  { http }: Deployment,
  { slot }: Upload,
  { address, signal }: { address: string | undefined; signal: AbortSignal },
): Promise<Answer> {
  return await http.ask({ method: 'HEAD', url: slot.get, address }, signal)
}

function refused(deployment: Deployment, answer: Answer): Finding {
  const text = `HEAD of the link is answered with ${described(answer)}`
  if (isTooMany(answer)) return failed(text, withoutLimits(deployment))
  return failed(text, inNginx(deployment, '# no limit_except: GET and HEAD must pass'))
}

function judged(unknown: readonly string[], addresses: readonly string[]): Finding {
  const [first] = unknown
  if (first === undefined) return ok(`${ROUNDS} connections, to ${addresses.join(', ')}`)
  const places = [...new Set(unknown)].join(', ')
  return otherServer(
    `${unknown.length} of ${ROUNDS} requests for the file that was just uploaded did not find it (${places})`,
  )
}
