import type { ClientAddress } from '../../src/core/client-address.ts'
import type { Grant } from '../../src/core/grant.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'

/** A grant as the verifier would return it. */
export function grantFor(path: string, size: number, more: Partial<Grant> = {}): Grant {
  const parsed = parseSlotPath(path)
  const fingerprint = fingerprintOf(parsed)
  return {
    scheme: 'v1',
    path: parsed,
    fingerprint,
    size,
    contentType: 'application/octet-stream',
    ...more,
  }
}

const policy = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

/** A client at that address. */
export function clientAt(address: string): ClientAddress {
  return clientAddressOf({ kind: 'ip', address }, {}, policy)
}
