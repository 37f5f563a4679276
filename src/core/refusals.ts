/** One row of the table from which HTTP answers, XMPP errors and `docs/errors.md` are derived. */
export interface RefusalRow {
  readonly status: number
  /** XMPP error type and condition (RFC 6120 §8.3). */
  readonly xmpp: readonly [type: string, condition: string]
  readonly text: string
  /** Seconds for `Retry-After`, where trying again helps. */
  readonly retryAfter?: number
}

/** Every way to end a request that is not a success. */
export const REFUSALS = {
  'bad-path': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The path is not one that a slot can have',
  },
  'bad-request': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The request cannot be understood',
  },
  'digest-mismatch': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The bytes are not those of the digest',
  },
  'length-inconsistent': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The lengths stated for the upload contradict one another',
  },
  'upload-complete': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The upload is complete and takes no more bytes',
  },
  'range-not-supported': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'A PUT with Content-Range is not supported',
  },
  'size-mismatch': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'The length is not the one the slot was issued for',
  },
  'query-session': {
    status: 400,
    xmpp: ['modify', 'bad-request'],
    text: 'A session is never named in a query',
  },
  'no-credential': {
    status: 401,
    xmpp: ['auth', 'not-authorized'],
    text: 'The request carries no credential of a slot',
  },
  'proof-required': {
    status: 401,
    xmpp: ['auth', 'not-authorized'],
    text: 'The request must prove that it belongs to the session of the upload',
  },
  'reauthentication-required': {
    status: 401,
    xmpp: ['auth', 'not-authorized'],
    text: 'The session has to be confirmed: request a new slot',
  },
  'admin-unauthorized': {
    status: 401,
    xmpp: ['auth', 'not-authorized'],
    text: 'The request needs the token of an operator',
  },
  'foreign-origin': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'Pages of other origins have no access',
  },
  'grant-invalid': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The credential does not fit this request',
  },
  'grant-expired': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The slot has expired, request a new one',
  },
  banned: {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The operator does not serve this client',
  },
  'session-foreign': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The slot was issued to another user than the session belongs to',
  },
  'refreshes-exhausted': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The session got all the grants that it may have',
  },
  'session-banned': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'Somebody else uses the slot or session, too: request a new slot, in a new session',
  },
  'new-slot-required': {
    status: 403,
    xmpp: ['auth', 'forbidden'],
    text: 'The slot has expired and too much has changed since, request a new one',
  },
  'not-found': {
    status: 404,
    xmpp: ['cancel', 'item-not-found'],
    text: 'There is no such file',
  },
  'method-not-allowed': {
    status: 405,
    xmpp: ['cancel', 'feature-not-implemented'],
    text: 'The method is not allowed here',
  },
  'slot-conflict': {
    status: 409,
    xmpp: ['cancel', 'conflict'],
    text: 'The slot holds another file already',
  },
  'offset-mismatch': {
    status: 409,
    xmpp: ['cancel', 'conflict'],
    text: 'The upload does not stand at that offset',
  },
  'slot-spent': {
    status: 409,
    xmpp: ['cancel', 'conflict'],
    text: 'The slot was used before and its file is gone',
  },
  'session-exists': {
    status: 409,
    xmpp: ['cancel', 'conflict'],
    text: 'The slot is bound to a session already',
  },
  'adoption-refused': {
    status: 409,
    xmpp: ['cancel', 'conflict'],
    text: 'The upload cannot be continued in this slot',
  },
  'upload-gone': {
    status: 410,
    xmpp: ['cancel', 'gone'],
    text: 'The upload was given up',
  },
  'length-required': {
    status: 411,
    xmpp: ['modify', 'bad-request'],
    text: 'The request must state its length',
  },
  'precondition-failed': {
    status: 412,
    xmpp: ['cancel', 'conflict'],
    text: 'The file is not the one the request is meant for',
  },
  'unsupported-version': {
    status: 412,
    xmpp: ['cancel', 'feature-not-implemented'],
    text: 'The version of the protocol is not supported',
  },
  'file-too-large': {
    status: 413,
    xmpp: ['modify', 'not-acceptable'],
    text: 'The file is larger than allowed',
  },
  'unsupported-type': {
    status: 415,
    xmpp: ['modify', 'bad-request'],
    text: 'The Content-Type is not the one that the protocol demands',
  },
  'range-not-satisfiable': {
    status: 416,
    xmpp: ['modify', 'bad-request'],
    text: 'The file does not have the requested range',
  },
  'expectation-failed': {
    status: 417,
    xmpp: ['modify', 'bad-request'],
    text: 'The only expectation understood is 100-continue',
  },
  'misdirected-request': {
    status: 421,
    xmpp: ['cancel', 'item-not-found'],
    text: 'The host named is not served here',
  },
  'checksum-mismatch': {
    status: 460,
    xmpp: ['modify', 'bad-request'],
    text: 'The bytes are not those of the checksum',
  },
  'too-many-uploads': {
    status: 429,
    xmpp: ['wait', 'resource-constraint'],
    text: 'Too many uploads are unfinished, try again later',
    retryAfter: 60,
  },
  'too-many-failures': {
    status: 429,
    xmpp: ['wait', 'resource-constraint'],
    text: 'Too many requests failed, try again later',
    retryAfter: 60,
  },
  'too-many-requests': {
    status: 429,
    xmpp: ['wait', 'resource-constraint'],
    text: 'Too many uploads were begun, try again later',
    retryAfter: 60,
  },
  internal: {
    status: 500,
    xmpp: ['wait', 'internal-server-error'],
    text: 'The server failed',
  },
  'upload-unfinished': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'The file is still being uploaded',
    retryAfter: 5,
  },
  'upload-settling': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'The upload is being completed by an earlier request',
    retryAfter: 0,
  },
  'staging-full': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'Too many checksums are being verified, try again later',
    retryAfter: 1,
  },
  'session-unavailable': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'There is no room for another session, try again later',
    retryAfter: 60,
  },
  'uploads-deferred': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'Too many uploads are unfinished, this one can go on later',
    retryAfter: 60,
  },
  'state-unavailable': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'The server cannot reach its state',
    retryAfter: 10,
  },
  'shutting-down': {
    status: 503,
    xmpp: ['wait', 'resource-constraint'],
    text: 'The server is restarting',
    retryAfter: 0,
  },
  'disk-full': {
    status: 507,
    xmpp: ['wait', 'resource-constraint'],
    text: 'The server has no room for the file',
  },
} as const satisfies Record<string, RefusalRow>

export type RefusalCode = keyof typeof REFUSALS

/** Facts for the log; never sent to the client, so never put a credential in. */
export type RefusalFacts = Readonly<Record<string, string | number>>

/** Ends a request. Anything else that is thrown is a bug of ours and answered with 500. */
export class Refusal extends Error {
  readonly code: RefusalCode
  readonly facts: RefusalFacts

  constructor(code: RefusalCode, facts: RefusalFacts = {}, options?: ErrorOptions) {
    super(REFUSALS[code].text, options)
    this.name = 'Refusal'
    this.code = code
    this.facts = facts
  }

  /** The refusal's row: status, XMPP condition, text. */
  get row(): RefusalRow {
    return REFUSALS[this.code]
  }
}
