import { type Progress, type Slot, forget, upload } from 'hmac-file-server/client'
import { stropheSender, xmppUploads } from 'hmac-file-server/xmpp'
import type { Api, Attributes, Converse, FileMessage } from './converse-api.ts'
import { forgetFile, keepFile, keptFile } from './kept-files.ts'

/** Whether the message waits for its file to be there: the page was loaded anew meanwhile. */
export function isUnfinished(message: FileMessage): boolean {
  return message.get('file') === true && message.get('upload') === undefined
}

/** Uploads the message's file; then Converse.js sends the message. */
export async function sendFile(message: FileMessage, conversation: Converse): Promise<void> {
  const id = `resilient-upload ${String(message.get('msgid'))}`
  // Pages of one account share their messages: only one of them sends the file, the next if that one is closed.
  await navigator.locks.request(id, async () => {
    const chosen = message.file
    const file = chosen ?? (await keptFile(id))
    if (file === undefined) return
    message.file = file
    const keeping = chosen && keepFile(id, chosen)
    await published({ id, file, message, conversation })
    await keeping
    await forgetFile(id)
    // The message may have been deleted, or the upload given up.
    await forget(id)
  })
}

interface Sending {
  readonly id: string
  readonly file: File
  readonly message: FileMessage
  readonly conversation: Converse
}

async function published(sending: Sending): Promise<void> {
  const { message, conversation } = sending
  const removed = new AbortController()
  message.once('destroy', () => removed.abort())
  try {
    const url = storedAddress(message) ?? (await uploaded(sending, removed.signal))
    await connected(conversation.api, removed.signal)
    const change = { body: url, message: url, oob_url: url, upload: 'success' }
    const changed = await conversation.api.hook('afterFileUploaded', message, change)
    if (holdsKey(changed)) await encryptionIsReady(message, conversation.api)
    message.save(changed)
  } catch (error) {
    if (removed.signal.aborted) return
    converse.env.log.error(error)
    const text = conversation.__('Sorry, could not successfully upload your file.')
    const failure = { type: 'error', message: text, upload: 'failure', is_ephemeral: true }
    // Without the mark of a file, the text is shown.
    message.save({ ...failure, file: false })
  }
}

async function uploaded(sending: Sending, signal: AbortSignal): Promise<string> {
  const { id, file, message, conversation } = sending
  const slot = async (): Promise<Slot> => {
    await connected(conversation.api, signal)
    const sender = stropheSender(conversation.api.connection.get(), converse.env.$iq)
    return await xmppUploads(sender).slotFor(file, signal)()
  }
  const onProgress = ({ sent, size }: Progress): void => message.set({ progress: sent / size })
  const { url } = await upload(file, slot, { id, signal, onProgress })
  message.save({ get: url })
  return url
}

/** Whether the address names the key of an encrypted file (XEP-0454 §3). */
function holdsKey({ body }: Attributes): boolean {
  return String(body).startsWith('aesgcm:')
}

/** Throws if the message would not be encrypted: its user has switched that off since the file was chosen. */
async function encryptionIsReady({ chatbox }: FileMessage, api: Api): Promise<void> {
  await api.waitUntil('OMEMOInitialized')
  if (chatbox?.get('omemo_active') !== true) throw new Error('The chat is not encrypted any more')
}

/** Where the file is, if the page was loaded anew after it got there. */
function storedAddress(message: FileMessage): string | undefined {
  const url = message.get('get')
  return typeof url === 'string' ? url : undefined
}

/** Waits for the connection: what is sent without one, Converse.js drops. */
async function connected({ connection, listen }: Api, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (connection.connected()) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  listen.once('connected', resolve)
  listen.once('reconnected', resolve)
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  await promise
}
