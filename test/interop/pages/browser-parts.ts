/** What the suite of the client's parts for browsers runs in a page. */
import { type Download, download } from '../../../src/client/browser/main.ts'
import { indexedDbStore } from '../../../src/client/browser/indexed-db-store.ts'
import { networkWatch } from '../../../src/client/browser/network-watch.ts'
import { xhrTransport } from '../../../src/client/browser/xhr-transport.ts'
import type { SentBody } from '../sent-body.ts'

/** What a store gives back: before anything is saved, afterwards, from a new store, and when it is removed. */
export async function storedAndBack(name: string): Promise<readonly unknown[]> {
  const store = indexedDbStore(name)
  const before = await store.load('film')
  await store.save('film', { offset: 1 })
  await store.save('film', { offset: 2 })
  const after = await store.load('film')
  const reopened = await indexedDbStore(name).load('film')
  await store.remove('film')
  await store.remove('film')
  return [before, after, reopened, await store.load('film')].map((state) => state ?? 'nothing')
}

/** Whether a key that cannot be read comes back from a store as one that signs and cannot be read. */
export async function keyFromStore(name: string): Promise<readonly unknown[]> {
  const algorithm: HmacKeyGenParams = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.generateKey(algorithm, false, ['sign'])
  const bytes = new Uint8Array([1, 2, 3])
  await indexedDbStore(name).save('film', { key })
  const found = (await indexedDbStore(name).load('film'))?.['key']
  if (!(found instanceof CryptoKey)) return []
  const [one, other] = await Promise.all([key, found].map(async (each) => await mac(each, bytes)))
  return [found.extractable, one === other]
}

async function mac(key: CryptoKey, bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, bytes)).join()
}

/** A store's states after its database was removed by somebody else, and after it was given what nothing can keep. */
export async function storeAfterHarm(name: string): Promise<readonly unknown[]> {
  const store = indexedDbStore(name)
  await store.save('film', { offset: 1 })
  const { promise, resolve } = Promise.withResolvers<void>()
  indexedDB.deleteDatabase(name).addEventListener('success', () => resolve())
  await promise
  const removed = await store.load('film')
  await store.save('film', { offset: 2 })
  await store.save('film', { offset: () => 3 })
  return [removed ?? 'nothing', await store.load('film')]
}

/** A store's states after 72 hours, one of which was saved a minute later than the other. */
export async function storedForLong(name: string): Promise<readonly unknown[]> {
  let now = 0
  const store = indexedDbStore(name, () => now)
  await store.save('film', { offset: 1 })
  now = 60_000
  await store.save('photo', { offset: 2 })
  now = 72 * 3_600_000 + 30_000
  const states = [await store.load('photo'), await store.load('film')]
  now = 0
  return [...states, await store.load('film')].map((state) => state ?? 'nothing')
}

/** Whether an upload can be held: by one, by another meanwhile, and by that one afterwards. */
export async function heldInTurn(name: string): Promise<readonly boolean[]> {
  const [one, other] = [indexedDbStore(name), indexedDbStore(name)]
  const first = await one.hold?.('film')
  const second = await other.hold?.('film')
  await first?.()
  const third = await other.hold?.('film')
  await third?.()
  return [first, second, third].map((letGo) => letGo !== undefined)
}

/** Sends so many bytes, and gives up, if `giveUp` says so, as soon as some of them are sent. */
export async function sendBytes(url: string, size: number, giveUp: boolean): Promise<SentBody> {
  const sent: number[] = []
  const control = new AbortController()
  const onSent = (bytes: number): void => {
    sent.push(bytes)
    if (giveUp) control.abort(new Error('Given up'))
  }
  const headers = { 'Content-Type': 'application/octet-stream', 'Upload-Offset': '0' }
  const body = new Blob([new Uint8Array(size)])
  const request = { method: 'PATCH', url, headers, body, signal: control.signal, onSent } as const
  try {
    const { status, problem, headers: fields } = await xhrTransport(request)
    return { status, header: fields.get('x-told'), sent, ...(problem !== undefined && { problem }) }
  } catch (reason) {
    return { reason: String(reason), sent }
  }
}

let calls = 0
const listening = new AbortController()

/** Begins to count what is told of the network. */
export function listen(): void {
  networkWatch.onChange(() => (calls += 1), listening.signal)
}

/** How often the network was said to have changed so far, and whether there is one. */
export function heard(): readonly [calls: number, isOnline: boolean] {
  return [calls, networkWatch.isOnline()]
}

export function stopListening(): void {
  listening.abort()
}

let begun: { readonly reader: ReadableStreamDefaultReader<Uint8Array>; readonly lost: string[] }
const read: Uint8Array<ArrayBuffer>[] = []

/** Begins to fetch a file; resolves to its size when the first of it is there. */
export async function beginDownload(url: string): Promise<number> {
  const lost: string[] = []
  const { size, stream }: Download = await download(url, {
    onEvent: ({ kind }) => void (kind === 'lost' && lost.push(kind)),
  })
  begun = { reader: stream.getReader(), lost }
  await readOn()
  return size
}

/** Fetches the rest; resolves to the file's SHA-256, and how often the connection was lost. */
export async function endDownload(): Promise<readonly [sha256: string, lost: number]> {
  while (await readOn());
  const bytes = await new Blob(read).arrayBuffer()
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return [
    Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    begun.lost.length,
  ]
}

async function readOn(): Promise<boolean> {
  const { done, value } = await begun.reader.read()
  if (value) read.push(new Uint8Array(value))
  return !done
}

/** What a worker answers to a slot: the URL of the file it has uploaded there, and how it could send. */
export async function inWorker(kind: 'dedicated' | 'service', job: object): Promise<unknown> {
  const { port1, port2 } = new MessageChannel()
  const answer = new Promise((resolve) => {
    port1.addEventListener('message', ({ data }) => resolve(data))
    port1.start()
  })
  const worker = kind === 'dedicated' ? new Worker('worker.js') : await serviceWorker()
  worker.postMessage(job, [port2])
  return await answer
}

async function serviceWorker(): Promise<ServiceWorker> {
  await navigator.serviceWorker.register('worker.js')
  const { active } = await navigator.serviceWorker.ready
  if (!active) throw new Error('There is no service worker')
  return active
}

/** The status of an answer to a request with such fields, or why there is none. */
export async function answerTo(
  method: 'PUT' | 'PATCH' | 'HEAD' | 'OPTIONS',
  url: string,
  { body, ...headers }: Readonly<Record<string, string>>,
): Promise<number | string> {
  const { signal } = new AbortController()
  const request = { method, url, headers, signal, ...(body && { body: new Blob([body]) }) }
  try {
    return (await xhrTransport(request)).status
  } catch (reason) {
    return String(reason)
  }
}
