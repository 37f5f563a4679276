import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { UsageError, type Flags, type FlagValues } from '../command.ts'
import type { Io } from '../io.ts'
import type { Credentials } from './login.ts'

/** Holds a password; no option of the configuration. */
export const PASSWORD_VARIABLE = 'HFS_XMPP_PASSWORD'

/** The flags by which a command is told of an account. */
export const ACCOUNT_FLAGS = {
  jid: { type: 'string', value: 'JID', help: 'your account, romeo@example.org' },
  'password-file': {
    type: 'string',
    value: 'FILE',
    help: `holds its password; default: what is in ${PASSWORD_VARIABLE}`,
  },
  service: {
    type: 'string',
    value: 'URL',
    help: 'your XMPP server: xmpp://HOST:5222, xmpps://HOST:5223 (as its certificate says); default: DNS tells',
  },
} as const satisfies Flags

/** The account that the flags tell of. */
export async function accountOf(
  flags: FlagValues<typeof ACCOUNT_FLAGS>,
  io: Io,
): Promise<Credentials> {
  const { jid = '', service } = flags
  if (!isBareJid(jid)) throw new UsageError('--jid takes your account, as romeo@example.org')
  if (service !== undefined && !isXmppUrl(service)) {
    throw new UsageError('--service takes a URL as xmpp://HOST:5222')
  }
  const password = await passwordOf(flags['password-file'], io)
  return { jid, password, ...(service === undefined ? {} : { service }) }
}

/** Whether a text is the address of a user or a room, without a resource. */
export function isBareJid(text: string): boolean {
  return /^[^@/\s]+@[^@/\s]+$/u.test(text)
}

function isXmppUrl(text: string): boolean {
  return URL.canParse(text) && /^(?:xmpps?|wss):$/u.test(new URL(text).protocol)
}

async function passwordOf(file: string | undefined, { env, cwd }: Io): Promise<string> {
  const text =
    file === undefined ? env[PASSWORD_VARIABLE] : await readFile(resolve(cwd, file), 'utf8')
  // Editors end a file with a line feed.
  const password = text?.replace(/\r?\n$/u, '') ?? ''
  if (password === '') {
    throw new UsageError(`The password is missing: ${PASSWORD_VARIABLE} or --password-file FILE`)
  }
  return password
}
