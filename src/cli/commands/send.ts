import { basename } from 'node:path'
import { lookup } from 'mime-types'
import { upload } from '../../client/node/main.ts'
import { pathSource } from '../../client/node/path-source.ts'
import type { Uploaded } from '../../client/upload-options.ts'
import { SlotError, xmppUploads } from '../../client/xmpp/main.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { randomId } from '../../core/random.ts'
import { command, UsageError, type Command, type Flags } from '../command.ts'
import { fileToSend } from '../file-to-send.ts'
import type { Io } from '../io.ts'
import { keptUploads } from '../kept-uploads.ts'
import { TransferFailure } from '../transfer-failure.ts'
import { rootOf } from '../transfer-news.ts'
import { type Ending, type Remedies, TELLING_FLAGS, reported } from '../transfer-report.ts'
import { type Telling, transferTeller } from '../transfer-teller.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { ACCOUNT_FLAGS, accountOf, isBareJid } from '../xmpp/account-flags.ts'
import { sendLink, sendLinkToRoom } from '../xmpp/link-message.ts'
import { logIn, type XmppLogin } from '../xmpp/login.ts'
import { slotProblem } from '../xmpp/slot-problem.ts'

const FLAGS = {
  ...ACCOUNT_FLAGS,
  ...CA_FLAG,
  groupchat: { type: 'boolean', help: 'TO is a room' },
  ...TELLING_FLAGS,
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
  readonly file: string
  readonly to: string
}

/** What it is done with. */
interface Means {
  readonly io: Io
  readonly telling: Telling
  readonly signal: AbortSignal
}

/** The whole way of a file, as a chat client goes it. */
export const sendCommand: Command = command({
  name: 'send',
  summary: 'Sends a file to an XMPP user or a room: login, upload, message with the link.',
  parameters: 'FILE TO --jid JID',
  details:
    'The upload goes on where it stopped: after a loss of the connection by itself, after Ctrl-C or\n' +
    'a restart with the same command. The login is always encrypted. It needs a package that is not\n' +
    'installed by itself: npm install @xmpp/client. Exit codes: 0 it is sent, 1 it failed, 2 wrong usage,\n' +
    '130 Ctrl-C.',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const { file, to } = errandOf(positionals)
    const deliver = flags.groupchat === true ? sendLinkToRoom : sendLink
    const signal = io.stopRequested()
    const sent = async (): Promise<Ending> => {
      const account = await accountOf(flags, io)
      const path = await fileToSend(file, io)
      if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
      await using login = await logIn(account, signal)
      const { url, size } = await uploaded(path, login, { io, telling: flags, signal })
      const message = { to, url, id: randomId(12) }
      const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)])
      await deliver(login, message, limit).catch((reason: unknown) => {
        throw undelivered(url, reason)
      })
      return { code: 'sent', text: url, facts: { url, size, to } }
    }
    return await reported(sent, { io, telling: flags, signal, remedies: REMEDIES })
  },
})

function errandOf([file, to, ...rest]: readonly string[]): Errand {
  if (file === undefined || to === undefined) throw new UsageError('FILE and TO are needed')
  if (rest.length > 0) throw new UsageError('There are more arguments than FILE and TO')
  if (!isBareJid(to)) throw new UsageError(`"${to}" is not the JID of a user or a room`)
  return { file, to }
}

async function uploaded(
  path: string,
  { jid, sender }: XmppLogin,
  { io, telling, signal }: Means,
): Promise<Uploaded> {
  const name = basename(path)
  const type = lookup(path) || 'application/octet-stream'
  const source = { ...(await pathSource(path)), type }
  // Asked for again when the server wants a new slot after a long standby.
  const slot = xmppUploads(sender).slotFor({ name, size: source.size, type }, signal)
  using teller = transferTeller(name, io, telling)
  const memory = { store: keptUploads(io), id: `${jid} ${path}` }
  try {
    return await upload(source, slot, { signal, ...memory, ...teller })
  } catch (reason) {
    throw reason instanceof SlotError ? slotProblem(reason) : reason
  }
}

function undelivered(url: string, reason: unknown): TransferFailure {
  const why =
    reason instanceof OperatorError ? reason.message : `The link was not taken: ${rootOf(reason)}`
  return new TransferFailure('not-delivered', `${why}. The file itself is there: ${url}`, { url })
}
