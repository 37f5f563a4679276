import { createHash } from 'node:crypto'
import type { SlotPath } from '../core/slot-path.ts'
import { decimal } from '../core/decimal.ts'
import { mac } from '../core/mac.ts'
import { type SizedRequest, bearerToken, parameter } from './grant-request.ts'
import { type GrantScheme, type SlotToSign, invalid, plainGrant } from './scheme.ts'
import { hasControl, instantOf, isBase64Mac, secondsOf } from './signed-text.ts'

interface BearerFields {
  readonly path: SlotPath
  readonly user: string
  readonly size: number
  /** Seconds since 1970. */
  readonly expiry: number
}

/**
 * `Authorization: Bearer` base64, with `?user=` and `?expiry=` (seconds since 1970): slots of the
 * `mod_http_upload_hmac` modules for ejabberd. Signs the file name, not the whole path, so the
 * grant has a `claim`.
 */
export const bearer: GrantScheme = {
  name: 'bearer',
  presents(request) {
    return (
      bearerToken(request) !== undefined &&
      parameter(request, 'user') !== undefined &&
      parameter(request, 'expiry') !== undefined
    )
  },
  verify(request, { secrets }) {
    const fields = bearerFields(request)
    const shown = bearerToken(request) ?? ''
    const texts = [resilientText(fields), basicText(fields)]
    const signed = texts.find((text) => isBase64Mac(shown, secrets, text))
    if (signed === undefined)
      throw invalid('bearer', { why: 'wrong MAC', signed: texts.join(' | ') })
    return {
      ...plainGrant('bearer', request),
      user: fields.user,
      expiresAt: instantOf(fields.expiry),
      claim: createHash('sha256').update(signed).digest('base64url'),
    }
  },
  sign(slot, secret) {
    const fields = fieldsToSign(slot)
    const query = new URLSearchParams({ user: fields.user, expiry: String(fields.expiry) })
    const code = mac(secret, resilientText(fields)).toString('base64')
    return { query: query.toString(), authorization: `Bearer ${code}` }
  },
}

function bearerFields(request: SizedRequest): BearerFields {
  const user = parameter(request, 'user')
  const expiry = decimal(parameter(request, 'expiry') ?? '')
  if (user === undefined || hasControl(user)) throw invalid('bearer', { why: 'no usable user' })
  if (expiry === undefined) throw invalid('bearer', { why: 'no usable expiry' })
  return { path: request.path, size: request.size, user, expiry }
}

function fieldsToSign({ path, size, user, expiresAt }: SlotToSign): BearerFields {
  if (user === undefined || user === '' || hasControl(user)) {
    throw new TypeError('The scheme bearer signs the name of a user')
  }
  return { path, size, user, expiry: secondsOf(expiresAt) }
}

/** The module for changing networks: valid for a day, says so twice. */
function resilientText(fields: BearerFields): string {
  const { expiry } = fields
  return `${common(fields)}\0${expiry - 86_400}\0${expiry}\0network_resilient`
}

/** The basic module: valid for an hour, counted from the signed time of issue. */
function basicText(fields: BearerFields): string {
  return `${common(fields)}\0${fields.expiry - 3600}`
}

function common({ path, user, size }: BearerFields): string {
  return `${user}\0${path.slice(path.lastIndexOf('/') + 1)}\0${size}`
}
