import { basename, resolve } from 'node:path'
import { lookup } from 'mime-types'
import { upload } from '../../client/node/main.ts'
import { pathSource } from '../../client/node/path-source.ts'
import type { UploadStore } from '../../client/platform.ts'
import type { Slot } from '../../client/slot.ts'
import { UploadError } from '../../client/upload-error.ts'
import type { UploadEvent } from '../../client/upload-event.ts'
import type { UploadOptions } from '../../client/upload-options.ts'
import { type FlagValues, UsageError, command, type Command, type Flags } from '../command.ts'
import { fileToSend } from '../file-to-send.ts'
import type { Io } from '../io.ts'
import { keptUploads, uploadsIn } from '../kept-uploads.ts'
import { type Published, isPublished } from '../published-file.ts'
import { type Ending, type Remedies, TELLING_FLAGS, reported } from '../transfer-report.ts'
import { transferTeller } from '../transfer-teller.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { webUrl } from '../web-url.ts'

const FLAGS = {
  header: {
    type: 'string',
    multiple: true,
    short: 'H',
    value: 'FIELD',
    help: 'header field of the slot, e.g. "Authorization: Bearer …"; may be repeated',
  },
  type: { type: 'string', value: 'TYPE', help: 'media type; else by the end of the name' },
  'get-url': { type: 'string', value: 'URL', help: 'link of the slot; else URL without its query' },
  session: { type: 'string', value: 'KIND', help: 'key of the upload: hmac (default), dpop, none' },
  state: { type: 'string', value: 'DIR', help: 'where unfinished uploads are remembered' },
  ...TELLING_FLAGS,
  ...CA_FLAG,
} as const satisfies Flags

type PutFlags = FlagValues<typeof FLAGS>

const ANOTHER = 'ask the XMPP server for another one.'

const UNSIGNED = 'The URL has to be that of a slot, query and all; its header fields go with -H.'

const REMEDIES: Remedies = {
  'no-credential': UNSIGNED,
  'bad-path': UNSIGNED,
  'grant-expired': `The slot has expired: ${ANOTHER}`,
  'slot-conflict': `The slot has another file already: ${ANOTHER}`,
  'session-exists': `The slot has another file already, or somebody else uploads to it: ${ANOTHER}`,
  'slot-spent': `The slot was used, and its file is gone: ${ANOTHER}`,
  'file-too-large': 'The server takes no file of this size.',
  refused: 'Ask the XMPP server for a new slot, and use its URL and its header fields unchanged.',
  'reauthentication-required':
    'It wants a new slot after so long a time. What it has is not lost: ask the XMPP server for\n' +
    'another slot for the same file, then: hmac-file-server put FILE NEW_URL',
  'untrusted-server': 'An authority of your own is named by --ca FILE; is the clock right?',
  'source-changed': 'The same command begins anew, with a new slot.',
  'bad-answer':
    'This may be no upload server, a proxy in front of it that spoils answers, or a network with a login page.',
  'out-of-tries': 'The same command goes on from here.',
}

/** Uploads as a client does that knows how to go on. */
export const putCommand: Command = command({
  name: 'put',
  summary:
    'Uploads a file to a slot; goes on at the byte after a loss, and when it is called again.',
  parameters: 'FILE URL',
  details:
    'URL is the PUT URL of a slot (XEP-0363) of any server; `hmac-file-server sign` makes one to try.\n' +
    'With another URL for the same file, the new slot takes over what the server has. Prints the link,\n' +
    'also if the file was there before. Exit codes: 0 it is there, 1 it failed, 2 wrong usage, 130 Ctrl-C:\n' +
    'then the same command goes on.',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const { file, url } = targetOf(positionals)
    const slot = slotOf(url, flags)
    const session = sessionOf(flags)
    const signal = io.stopRequested()
    const sent = async (): Promise<Ending> => {
      const path = await fileToSend(file, io)
      if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
      using teller = transferTeller(basename(path), io, flags)
      const options = { session, signal, store: storeOf(flags, io), ...teller }
      return await uploaded({ path, slot, type: flags.type }, options)
    }
    return await reported(sent, { io, telling: flags, signal, remedies: REMEDIES })
  },
})

function targetOf([file, text, ...rest]: readonly string[]): {
  readonly file: string
  readonly url: URL
} {
  if (file === undefined || text === undefined) throw new UsageError('FILE and URL are needed')
  if (rest.length > 0) throw new UsageError('There are more arguments than FILE and URL')
  return { file, url: webUrl(text) }
}

function slotOf(url: URL, flags: PutFlags): Slot {
  const { header = [], 'get-url': link } = flags
  const get = link === undefined ? new URL(url.pathname, url) : webUrl(link)
  return { put: url.href, get: get.href, headers: Object.fromEntries(header.map(fieldOf)) }
}

/** RFC 9110 §5.1, §5.5: octets, as which Node.js sends characters of ISO 8859-1. */
function fieldOf(text: string): readonly [string, string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~\u00a0-\u00ff]*)$/u.exec(text) ?? []
  if (name !== undefined && value !== undefined) return [name, value]
  // It may hold a credential, which must not reach a log.
  throw new UsageError(
    '--header takes "Name: value", without line breaks, control characters, and letters beyond ISO 8859-1',
  )
}

function sessionOf({ session = 'hmac' }: PutFlags): NonNullable<UploadOptions['session']> {
  if (session === 'hmac' || session === 'dpop' || session === 'none') return session
  throw new UsageError(`--session takes hmac, dpop or none, not "${session}"`)
}

function storeOf({ state }: PutFlags, io: Io): UploadStore {
  const remedy = 'name another folder with --state DIR'
  if (state === undefined) return keptUploads(io, remedy)
  return uploadsIn({ path: resolve(io.cwd, state), remedy })
}

async function uploaded(
  { path, slot, type }: { path: string; slot: Slot; type: string | undefined },
  options: UploadOptions & { readonly signal: AbortSignal },
): Promise<Ending> {
  const media = type ?? (lookup(path) || 'application/octet-stream')
  const source = { ...(await pathSource(path)), type: media }
  const { size } = source
  // A slot of another server has nothing to take over.
  const id = `${new URL(slot.put).origin} ${path}`
  let isSent = false
  const onEvent = (event: UploadEvent): void => {
    if (event.kind === 'sent') isSent = true
    options.onEvent?.(event)
  }
  try {
    const { url } = await upload(source, slot, { ...options, onEvent, id })
    return { code: 'uploaded', text: url, facts: { url, path, size, type: media } }
  } catch (reason) {
    const { get: link } = slot
    if (!(await isDone(reason, { link, path, size }, options.signal))) throw reason
    const done = { text: link, facts: { url: link, path, size, type: media } }
    // It may be what was just sent, and only the answer was lost.
    if (isSent) return { code: 'uploaded', ...done }
    return { code: 'already-there', remark: 'It was there already: nothing was sent.', ...done }
  }
}

/** A slot that was used, or has expired since, takes nothing: not even what it was used for. */
const USED_UP: readonly (number | undefined)[] = [403, 409]

async function isDone(
  reason: unknown,
  published: Published,
  signal: AbortSignal,
): Promise<boolean> {
  const isUsedUp = reason instanceof UploadError && USED_UP.includes(reason.status)
  return isUsedUp && (await isPublished(published, signal))
}
