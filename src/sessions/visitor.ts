import type { ClientAddress } from '../core/client-address.ts'
import type { SessionNeeds } from './needs.ts'
import { productOf } from './product.ts'
import type { Visit } from './session-life.ts'

/** Who sends a request. */
export interface Visitor {
  readonly client: ClientAddress
  readonly userAgent: string | undefined
}

/** The request as a session notes it. */
export function visitOf(
  { client, userAgent }: Visitor,
  { clock, networkName }: Pick<SessionNeeds, 'clock' | 'networkName'>,
): Visit {
  const product = productOf(userAgent)
  const known = product === undefined ? {} : { product }
  return { at: clock(), network: networkName(client), ...known }
}
