import { hash } from 'node:crypto'

const USER = 'user:'

/** What ejabberd's v1 names a user by: SHA-1 of the bare JID. */
const HASHED = /^[\da-f]{40}$/u

/** As servers compare JIDs (RFC 7622 §3): without resource, case and ways to compose a letter. */
export function bareJid(jid: string): string {
  const [bare = ''] = jid.split('/', 1)
  return bare.normalize('NFC').toLowerCase()
}

/** How a user stands among what was found of clients. */
export function userSubject(user: string): string {
  return `${USER}${bareJid(user)}`
}

/** The user that a subject is; nothing if it is none. */
export function userIn(subject: string): string | undefined {
  return subject.startsWith(USER) ? subject.slice(USER.length) : undefined
}

/** The same for all names of a subject: a user has two, the JID, in whatever way it is written, and its SHA-1. */
export function subjectKey(subject: string): string {
  const user = userIn(subject)
  if (user === undefined) return subject
  const bare = bareJid(user)
  return `${USER}${HASHED.test(bare) ? bare : hash('sha1', bare)}`
}
