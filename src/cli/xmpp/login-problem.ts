import { errorCode } from '../../core/error-code.ts'
import { quoted } from '../printable-text.ts'
import { TransferFailure } from '../transfer-failure.ts'
import { UnencryptedError } from './unencrypted-error.ts'

interface Attempt {
  readonly jid: string
  readonly service?: string
}

type Sentence = (attempt: Attempt, reason: string) => string

const UNKNOWN_HOST: Sentence = (attempt) =>
  `There is no host ${hostOf(attempt)}. Mend the JID, or name the server: --service xmpp://HOST:5222`

const NO_ANSWER: Sentence = (attempt, reason) =>
  `No XMPP server answers at ${hostOf(attempt)} (${reason}). Name it: --service xmpp://HOST:5222`

const UNTRUSTED: Sentence = (attempt, reason) =>
  `The certificate of ${hostOf(attempt)} is not trusted (${reason}). ` +
  'If it is issued by an authority of your own, name that: --ca FILE'

const EXPIRED: Sentence = (attempt) =>
  `The certificate of ${hostOf(attempt)} is not valid now. Its operator has to renew it, or the clock here is wrong`

const OTHER_NAME: Sentence = (attempt) =>
  `The certificate of ${hostOf(attempt)} is for another name. Its operator has to issue one for the JID's domain`

/** By the `code` of Node.js' errors. */
const BY_CODE: Readonly<Record<string, Sentence>> = {
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  ECONNREFUSED: NO_ANSWER,
  ECONNRESET: NO_ANSWER,
  ETIMEDOUT: NO_ANSWER,
  EHOSTUNREACH: NO_ANSWER,
  ENETUNREACH: NO_ANSWER,
  CERT_HAS_EXPIRED: EXPIRED,
  CERT_NOT_YET_VALID: EXPIRED,
  ERR_TLS_CERT_ALTNAME_INVALID: OTHER_NAME,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
}

/** By the condition of a SASL failure (RFC 6120 §6.5). */
const BY_CONDITION: Readonly<Record<string, Sentence>> = {
  'not-authorized': ({ jid }) => `The password of ${jid} is wrong, or there is no such account`,
  'account-disabled': ({ jid }) => `The account ${jid} is disabled`,
  'credentials-expired': ({ jid }) => `The password of ${jid} has expired`,
}

/** Why a login failed, and what can be done. */
export function loginProblem(reason: unknown, attempt: Attempt): TransferFailure {
  return new TransferFailure('login-failed', sentenceFor(reason, attempt))
}

function sentenceFor(reason: unknown, attempt: Attempt): string {
  if (!(reason instanceof Error)) return `The login fails: ${quoted(String(reason))}`
  if (reason instanceof UnencryptedError) {
    return `${hostOf(attempt)} offers no encryption, and without it no password is sent`
  }
  if (reason.name === 'SASLError') {
    return saidBy(BY_CONDITION, conditionOf(reason), attempt) ?? refused(reason, attempt)
  }
  if (conditionOf(reason) === 'host-unknown') {
    return `${hostOf(attempt)} does not serve ${domainOf(attempt)}. Mend the JID, or --service`
  }
  if (reason.name === 'TimeoutError') return NO_ANSWER(attempt, 'it is silent')
  return saidBy(BY_CODE, errorCode(reason), attempt) ?? NO_ANSWER(attempt, quoted(reason.message))
}

function saidBy(
  table: Readonly<Record<string, Sentence>>,
  key: string | undefined,
  attempt: Attempt,
): string | undefined {
  return key === undefined ? undefined : table[key]?.(attempt, key)
}

function refused({ message }: Error, { jid }: Attempt): string {
  return `${jid} is not let in: ${quoted(message)}`
}

/** What a server says of a stream or a login that it ends. */
function conditionOf(error: Error): string | undefined {
  if (!('condition' in error)) return undefined
  return typeof error.condition === 'string' ? error.condition : undefined
}

function hostOf(attempt: Attempt): string {
  const { service } = attempt
  return service === undefined ? domainOf(attempt) : new URL(service).host
}

function domainOf({ jid }: Attempt): string {
  return jid.slice(jid.indexOf('@') + 1)
}
