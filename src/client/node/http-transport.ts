import type { Transport } from '../transport.ts'
import { connectingTransport } from './connecting-transport.ts'
import type { HttpTransportOptions } from './http-transport-options.ts'

/**
 * Sends by Node.js' own client; connections are kept for the next request as long as none fails. Redirections are
 * answers like any other: nothing is sent to where they lead.
 */
export function httpTransport(options: HttpTransportOptions = {}): Transport {
  return connectingTransport(options)
}
