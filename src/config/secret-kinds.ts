import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Instant } from '../core/clock.ts'
import { MIN_SECRET_BYTES } from '../core/grant.ts'
import { plain, textFrom } from './kinds.ts'
import { BadValue, type Environment, type Option, type Place } from './option.ts'

/** A secret that was replaced and is accepted until `notAfter`. */
export interface PreviousSecret {
  readonly secret: string
  readonly notAfter: Instant
}

const ALLOWED = `a text of at least ${MIN_SECRET_BYTES} bytes, "file:/path" or "env:NAME"`
const EXAMPLE = 'file:/etc/hmac-file-server/secret'
const FRESH = 'make one with: openssl rand -base64 32'

/** Texts that stand in examples of this and other programs; all in lower case. */
const PLACEHOLDER =
  /^(?:change|your|my-?secret|secret|super-?secret|a-very-secret|0123456789|\(?the content of|example|placeholder|password|default|insert|replace|todo|a-strong|it-is-secret)|[<>…]|^(?<same>.)\k<same>*$/u

/** A secret shared with an XMPP server, never shown. */
export function secret(help: string): Option<string> {
  return {
    ...plain({ default: EXAMPLE, help }),
    allowed: ALLOWED,
    secret: true,
    parse: (raw, place) => parseSecret(textFrom(raw), place),
    show: (value) => (value === '' ? '' : '(set)'),
  }
}

/** Secrets that are still accepted for a while after they were replaced. */
export function previousSecrets(help: string): Option<readonly PreviousSecret[]> {
  return {
    ...plain({ default: [], help }),
    example: [{ secret: EXAMPLE, not_after: new Date('2026-12-31T00:00:00Z') }],
    allowed: '[{ secret = "…", not_after = 2026-12-31T00:00:00Z }, …]',
    secret: true,
    parse: (raw, place) => {
      if (!Array.isArray(raw)) throw new BadValue('this is not a list')
      return raw.map((entry: unknown) => parsePrevious(entry, place))
    },
    show: (values) =>
      values.map(({ notAfter }) => `(set) until ${new Date(notAfter).toISOString()}`),
  }
}

/** The environment variable that an `env:NAME` value refers to. */
export function referredVariable(raw: unknown): string | undefined {
  return typeof raw === 'string' && raw.startsWith('env:') ? raw.slice('env:'.length) : undefined
}

function parseSecret(raw: string, place: Place): string {
  const value = resolveSecret(raw, place)
  if (value.includes('${')) {
    throw new BadValue('variables are not expanded', { remedy: 'write "env:NAME"' })
  }
  if (PLACEHOLDER.test(value.toLowerCase())) {
    throw new BadValue('this is an example, not a secret', { remedy: FRESH })
  }
  if (Buffer.byteLength(value) < MIN_SECRET_BYTES) {
    throw new BadValue(`the secret has less than ${MIN_SECRET_BYTES} bytes`, { remedy: FRESH })
  }
  return value
}

/** The value itself, or what stands in the file (`file:`) or variable (`env:`) it names. */
export function resolveSecret(raw: string, place: Place): string {
  if (raw.startsWith('file:')) return secretFromFile(resolve(place.folder, raw.slice(5)), place)
  const name = referredVariable(raw)
  return name === undefined ? raw : secretFromVariable(name, place.env)
}

function secretFromVariable(name: string, env: Environment): string {
  const value = env[name]
  if (value === undefined) {
    throw new BadValue(`the environment variable ${name} is not set`, { remedy: `set ${name}` })
  }
  return value
}

function secretFromFile(file: string, place: Place): string {
  try {
    const text = readFileSync(file, 'utf8')
    if ((statSync(file).mode & 0o077) !== 0) {
      place.warn(`other users may read the secret in ${file}; run: chmod 600 ${file}`)
    }
    return text.replace(/\r?\n$/u, '')
  } catch (cause) {
    throw new BadValue(`${file} cannot be read (${reason(cause)})`, {
      cause,
      remedy: 'create the file or give this user the right to read it',
    })
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
}

function parsePrevious(entry: unknown, place: Place): PreviousSecret {
  if (typeof entry !== 'object' || entry === null) throw new BadValue('an entry is not a table')
  const { secret: raw, not_after: end, ...others } = { secret: '', not_after: '', ...entry }
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new BadValue(`"${unknown}" is not a key of an entry`)
  return { secret: parseSecret(textFrom(raw), place), notAfter: parseInstant(end) }
}

function parseInstant(raw: unknown): Instant {
  const isDate = raw instanceof Date
  const isText =
    typeof raw === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/u.test(raw)
  const time = isDate || isText ? new Date(raw).getTime() : Number.NaN
  if (Number.isNaN(time)) {
    throw new BadValue('not_after is not a date with time and zone', {
      remedy: 'write not_after = 2026-12-31T00:00:00Z',
    })
  }
  return time
}
