import type { Check } from './check.ts'
import { CheckEnded } from './check-ended.ts'
import type { Deployment } from './deployment.ts'
import type { Finding } from './finding.ts'
import type { HttpClient, Question } from './http-client.ts'
import { reachableAddresses } from './tried-addresses.ts'

/** The check, made at each address of the host in turn: a proxy at one says nothing of that at another. */
export function atEachAddress(check: Check): Check {
  return {
    ...check,
    async run(deployment, signal) {
      const addresses = await reachableAddresses(deployment, signal)
      const [first, ...others] = addresses
      if (first === undefined || others.length === 0) return await check.run(deployment, signal)
      let finding = await foundAt(check, { deployment, address: first }, signal)
      for (const address of others) {
        if (finding.kind !== 'ok') return finding
        finding = await foundAt(check, { deployment, address }, signal)
      }
      if (finding.kind !== 'ok') return finding
      return { ...finding, text: `${finding.text}; so it is at ${addresses.join(', ')}` }
    },
  }
}

/** What the check finds there; what is not right says where. */
async function foundAt(
  check: Check,
  { deployment, address }: { readonly deployment: Deployment; readonly address: string },
  signal: AbortSignal,
): Promise<Finding> {
  const there = { ...deployment, http: clientAt(deployment.http, address) }
  try {
    return placed(await check.run(there, signal), address)
  } catch (error) {
    if (error instanceof CheckEnded) return placed(error.finding, address)
    throw error
  }
}

function placed(finding: Finding, address: string): Finding {
  return finding.kind === 'ok' ? finding : { ...finding, text: `at ${address}: ${finding.text}` }
}

/** A client that goes there with whatever names no address. */
function clientAt(http: HttpClient, address: string): HttpClient {
  const to = <Q extends Question>(question: Q): Q => ({
    ...question,
    address: question.address ?? address,
  })
  return {
    ask: async (question, signal) => await http.ask(to(question), signal),
    open: (question, signal) => http.open(to(question), signal),
  }
}
