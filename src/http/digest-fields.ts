import type { IncomingHttpHeaders } from 'node:http'
import type { DeliveryDigests, DigestAlgorithm, Digests } from '../core/digests.ts'
import { HEADER } from '../wire/header-names.ts'
import { type Field, dictionaryIn } from './structured-values.ts'

/** Names of the algorithms in the fields (RFC 9530 §5) and in the engine, the stronger one last. */
const NAMES: readonly (readonly [name: string, algorithm: DigestAlgorithm])[] = [
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]

const FIELDS = [HEADER.contentDigest, HEADER.reprDigest, HEADER.wantReprDigest]

/**
 * Reads `Content-Digest`, `Repr-Digest` and `Want-Repr-Digest`; what is not understood is ignored
 * (RFC 9530 §2). Nothing where the request has none of them.
 */
export function digestFields(headers: IncomingHttpHeaders): DeliveryDigests | undefined {
  if (!FIELDS.some((name) => headers[name] !== undefined)) return undefined
  const content = digestsIn(headers[HEADER.contentDigest])
  const whole = digestsIn(headers[HEADER.reprDigest])
  const wanted = wantedIn(headers[HEADER.wantReprDigest])
  return {
    ...(content === undefined ? {} : { content }),
    ...(whole === undefined ? {} : { whole }),
    ...(wanted === undefined ? {} : { wanted }),
  }
}

/** The field `Repr-Digest` with these digests. */
export function reprDigest(digests: Digests): string {
  const members = NAMES.flatMap(([name, algorithm]) => {
    const digest = digests[algorithm]
    return digest === undefined ? [] : [`${name}=:${digest}:`]
  })
  return members.join(', ')
}

function digestsIn(field: Field): Digests | undefined {
  if (field === undefined) return undefined
  const members = dictionaryIn(field)
  const found = NAMES.flatMap(([name, algorithm]) => {
    const digest = members.get(name)
    return digest instanceof Buffer ? [[algorithm, digest.toString('base64')] as const] : []
  })
  return found.length === 0 ? undefined : Object.fromEntries(found)
}

/** The known algorithm with the highest preference, from 1 to 10 (RFC 9530 §4). */
function wantedIn(field: Field): DigestAlgorithm | undefined {
  if (field === undefined) return undefined
  const members = dictionaryIn(field)
  const preferences = NAMES.map(([name, algorithm]) => {
    const preference = members.get(name)
    return { algorithm, preference: typeof preference === 'number' ? preference : 0 }
  })
  const [best] = preferences.toSorted((one, other) => other.preference - one.preference)
  return best !== undefined && best.preference > 0 ? best.algorithm : undefined
}
