import { systemClock } from '../../src/core/clock.ts'
import type { Scheme } from '../../src/core/grant.ts'
import { encodeSlotPath, parseSlotPath } from '../../src/core/slot-path.ts'
import { type SlotToSign, deleteToken, signSlot } from '../../src/grants/sign.ts'
import { SECRETS } from './site.ts'
import type { RawRequest } from './wire-client.ts'

/** A PUT whose target carries its credential. */
export interface SignedPut extends RawRequest {
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** How a PUT differs from one with `v1` and the site's secret, on a site without a prefix. */
export interface Signing extends Partial<SlotToSign> {
  readonly scheme?: Scheme
  readonly secret?: string
  /** What `/` in front of the path becomes. */
  readonly prefix?: string
}

const HOUR = 3_600_000

/** The PUT of a client that was given a slot for this path (decoded) and these bytes. */
export function signedPut(path: string, content: string | Buffer, how: Signing = {}): SignedPut {
  const { scheme = 'v1', secret = SECRETS[scheme], prefix = '/', ...slot } = how
  const body = Buffer.from(content)
  const parsed = pathOf(path)
  const credential = signSlot(
    scheme,
    {
      path: parsed,
      size: body.length,
      expiresAt: systemClock() + HOUR,
      user: 'romeo@montague.example',
      ...slot,
    },
    Buffer.from(secret),
  )
  const query = credential.query === undefined ? '' : `?${credential.query}`
  const { authorization } = credential
  return {
    target: `${prefix}${encodeSlotPath(parsed)}${query}`,
    headers: authorization === undefined ? {} : { Authorization: authorization },
    body,
  }
}

/** The DELETE that Metronome sends. */
export function signedDelete(path: string): RawRequest {
  const keys = { key: Buffer.from(SECRETS.token), inside: Buffer.from(SECRETS.token_delete) }
  const parsed = pathOf(path)
  const token = deleteToken(parsed, keys)
  return { method: 'DELETE', target: `/${encodeSlotPath(parsed)}?token=${token}` }
}

/** The GET of a path (decoded). */
export function get(path: string, headers: Readonly<Record<string, string>> = {}): RawRequest {
  return { method: 'GET', target: `/${encodeSlotPath(pathOf(path))}`, headers }
}

function pathOf(path: string): ReturnType<typeof parseSlotPath> {
  return parseSlotPath(path.split('/').map(encodeURIComponent).join('/'))
}
