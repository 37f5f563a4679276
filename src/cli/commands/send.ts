import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { lookup } from 'mime-types'
import { upload } from '../../client/node/main.ts'
import { pathSource } from '../../client/node/path-source.ts'
import type { Uploaded } from '../../client/upload-options.ts'
import { SlotError, xmppUploads } from '../../client/xmpp/main.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { randomId } from '../../core/random.ts'
import { command, UsageError, type Command, type Flags } from '../command.ts'
import type { Io } from '../io.ts'
import { keptUploads } from '../kept-uploads.ts'
import { transferLine } from '../transfer-line.ts'
import { type Ending, type Remedies, reported } from '../transfer-report.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { ACCOUNT_FLAGS, accountOf, isBareJid } from '../xmpp/account-flags.ts'
import { sendLink, sendLinkToRoom } from '../xmpp/link-message.ts'
import { logIn, type XmppLogin } from '../xmpp/login.ts'
import { slotProblem } from '../xmpp/slot-problem.ts'

const FLAGS = {
  ...ACCOUNT_FLAGS,
  ...CA_FLAG,
  groupchat: { type: 'boolean', help: 'TO is a room' },
  json: { type: 'boolean', help: 'print one JSON object' },
} as const satisfies Flags

const REMEDIES: Remedies = {
  refused: 'The upload service and the file server behind it do not fit together.',
  'reauthentication-required': 'The same command sends the file anew.',
  'untrusted-server': 'An authority of your own is named by --ca FILE; is the clock right?',
  'source-changed': 'The same command sends it as it is now.',
  'bad-answer': 'Something between here and the file server answers in its place.',
  'out-of-tries': 'The same command goes on from here.',
}

/** Milliseconds for the message, logins after a loss of the connection included. */
const PATIENCE = 120_000

/** What is to be done. */
interface Errand {
  /** Absolute path. */
  readonly path: string
  readonly to: string
}

/** The whole way of a file, as a chat client goes it. */
export const sendCommand: Command = command({
  name: 'send',
  summary: 'Sends a file to an XMPP user or a room: login, upload, message with the link.',
  parameters: 'FILE TO --jid JID',
  details:
    'The upload goes on where it stopped: after a loss of the connection by itself, after Ctrl-C or\n' +
    'a restart with the same command. The login is always encrypted. It needs a package that is not\n' +
    'installed by itself: npm install @xmpp/client',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const errand = await errandOf(positionals, io)
    const account = await accountOf(flags, io)
    if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
    const deliver = flags.groupchat === true ? sendLinkToRoom : sendLink
    const signal = io.stopRequested()
    const sent = async (): Promise<Ending> => {
      await using login = await logIn(account, signal)
      const { url, size } = await uploaded(errand, login, { io, signal })
      const { to } = errand
      const message = { to, url, id: randomId(12) }
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
      await deliver(login, message, limit).catch((reason: unknown) => {
        throw reason instanceof OperatorError ? reason : undelivered(url, reason)
      })
      return { text: url, facts: { url, size, to } }
    }
    return await reported(sent, { io, json: flags.json === true, signal, remedies: REMEDIES })
  },
})

async function errandOf([file, to, ...rest]: readonly string[], io: Io): Promise<Errand> {
  if (file === undefined || to === undefined) throw new UsageError('FILE and TO are needed')
  if (rest.length > 0) throw new UsageError('There are more arguments than FILE and TO')
  if (!isBareJid(to)) throw new UsageError(`"${to}" is not the JID of a user or a room`)
  const path = resolve(io.cwd, file)
  if (!(await stat(path)).isFile()) throw new OperatorError(`${path} is not a file`)
  return { path, to }
}

async function uploaded(
  { path }: Errand,
  { jid, sender }: XmppLogin,
  { io, signal }: { io: Io; signal: AbortSignal },
): Promise<Uploaded> {
  const name = basename(path)
  const type = lookup(path) || 'application/octet-stream'
  const source = { ...(await pathSource(path)), type }
  // Asked for again when the server wants a new slot after a long standby.
  const slot = xmppUploads(sender).slotFor({ name, size: source.size, type }, signal)
  using line = transferLine(name, io)
  const memory = { store: keptUploads(io), id: `${jid} ${path}` }
  try {
    return await upload(source, slot, { signal, ...memory, ...line })
  } catch (reason) {
    throw reason instanceof SlotError ? slotProblem(reason) : reason
  }
}

function undelivered(url: string, reason: unknown): OperatorError {
  return new OperatorError(`The file is there, but its link was not taken: ${url}`, reason)
}
