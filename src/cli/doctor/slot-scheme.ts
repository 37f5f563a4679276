import type { Slot } from '../../client/slot.ts'
import type { Scheme } from '../../core/grant.ts'

/** Signatures in a query, by their parameter. */
const IN_QUERY = ['v3', 'v2', 'token', 'v'] as const

/** By which scheme a slot is signed; nothing if it shows no credential. */
export function schemeOf({ put, headers = {} }: Slot): Scheme | undefined {
  const fields = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  const authorization: unknown = Object.fromEntries(fields)['authorization']
  const query = new URL(put).searchParams
  if (typeof authorization === 'string') return query.has('expiry') ? 'bearer' : 'jwt'
  const found = IN_QUERY.find((name) => query.has(name))
  return found === 'v' ? 'v1' : found
}

/** The side of a program that signs slots. */
interface SigningSide {
  readonly server: string
  /** How it is told to sign by this scheme. */
  readonly on: string
  /** How it is told its secret. */
  readonly secret: readonly string[]
}

const PROSODY_SECRET = 'http_upload_external_secret = "…"'

/** The other side of each scheme. */
export const SIGNING_SIDES: Readonly<Record<Scheme, SigningSide>> = {
  v1: {
    server: 'Prosody, mod_http_upload_external; or ejabberd, mod_http_upload',
    on: 'http_upload_external_protocol = "v1"',
    secret: [PROSODY_SECRET, 'external_secret: "…"  # ejabberd'],
  },
  v2: {
    server: 'Prosody, mod_http_upload_external',
    on: 'http_upload_external_protocol = "v2"',
    secret: [PROSODY_SECRET],
  },
  jwt: {
    server: 'Prosody, mod_http_file_share',
    on: 'Component "upload.DOMAIN" "http_file_share"',
    secret: ['http_file_share_secret = "…"'],
  },
  token: {
    server: 'Metronome, mod_http_upload_external',
    on: 'Component "upload.DOMAIN" "http_upload_external"',
    secret: ['http_file_secret = "…"'],
  },
  v3: { server: 'the program that signs', on: '# by v3', secret: ['# its secret'] },
  bearer: {
    server: 'ejabberd, the module that signs',
    on: '# by bearer',
    secret: ['# its secret'],
  },
}
