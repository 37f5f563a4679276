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

/** How each scheme is switched on at the XMPP server, and what its secret is called there. */
export const XMPP_SIDE = {
  v1: {
    server: 'Prosody, mod_http_upload_external (ejabberd: external_secret)',
    on: 'http_upload_external_protocol = "v1"',
    secret: 'http_upload_external_secret',
  },
  v2: {
    server: 'Prosody, mod_http_upload_external',
    on: 'http_upload_external_protocol = "v2"',
    secret: 'http_upload_external_secret',
  },
  jwt: {
    server: 'Prosody, mod_http_file_share',
    on: 'Component "upload.DOMAIN" "http_file_share"',
    secret: 'http_file_share_secret',
  },
  token: {
    server: 'Metronome, mod_http_upload_external',
    on: 'Component "upload.DOMAIN" "http_upload_external"',
    secret: 'http_file_secret',
  },
  v3: { server: 'the program that signs', on: 'v3', secret: 'its secret' },
  bearer: { server: 'ejabberd, the module that signs', on: 'bearer', secret: 'its secret' },
} as const satisfies Record<Scheme, { server: string; on: string; secret: string }>
