import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { filesystemBlobStore } from '../../src/blobs/filesystem/blob-store.ts'
import type { ByteSource } from '../../src/core/bytes.ts'
import type { ClientAddress } from '../../src/core/client-address.ts'
import type { Grant } from '../../src/core/grant.ts'
import { randomId } from '../../src/core/random.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { PublishedFile, UploadEngine } from '../../src/engine/engine.ts'
import type { EngineEvents } from '../../src/engine/events.ts'
import type { EnginePolicy } from '../../src/engine/policy.ts'
import { uploadEngine } from '../../src/engine/upload-engine.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import type { HttpEvents } from '../../src/http/events.ts'
import { startListeners } from '../../src/http/listeners.ts'
import {
  type DownloadNeeds,
  downloadHandler,
} from '../../src/protocols/download/download-handler.ts'
import { waitingReaders } from '../../src/protocols/download/waiting-readers.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Ask {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
  readonly signal?: AbortSignal
}

/** An upload that has not sent its last byte; disposing cuts it. */
export interface OpenUpload extends AsyncDisposable {
  finish(rest: string): Promise<void>
}

/** A listener whose handler is the one under test, over a real engine, store and folder. */
export interface DownloadServer extends AsyncDisposable {
  readonly engine: UploadEngine
  readonly clock: { now: number }
  ask(path: string, ask?: Ask): Promise<Reply>
  publish(path: string, file: NewFile): Promise<PublishedFile>
  /** Begins an upload; resolves when its first bytes are in. */
  upload(path: string, upload: { bytes: string; size: number }): Promise<OpenUpload>
  /** Resolves when so many readers wait. */
  waiting(count: number): Promise<void>
}

export interface NewFile {
  readonly bytes: string | Buffer
  readonly type?: string
  readonly expiresAt?: number
}

const POLICY: EnginePolicy = {
  fsync: 'never',
  maxFileSize: 2 ** 30,
  minFree: 0,
  resumeTimeout: 3_600_000,
  chunkSize: 2 ** 20,
  maxSessionAge: 72 * 3_600_000,
  maxRecoveries: 'off',
  fileMaxAge: 0,
  openUploadsPerOwner: 32,
  reservedBytesPerOwner: 2 ** 32,
  timelessGrants: true,
}

function nothing(): void {}

const ENGINE_EVENTS: EngineEvents = {
  slotOpened: nothing,
  recovered: nothing,
  resumed: nothing,
  continued: nothing,
  takenElsewhere: nothing,
  adopted: nothing,
  takenOver: nothing,
  interrupted: nothing,
  published: nothing,
  repeated: nothing,
  fileRemoved: nothing,
  abandoned: nothing,
}

const CLIENTS = clientAddressPolicy({ source: 'peer', trustedProxies: [] })
const UPLOADER: ClientAddress = clientAddressOf({ kind: 'ip', address: '192.0.2.1' }, {}, CLIENTS)

export async function downloadServer(
  options: Partial<Pick<DownloadNeeds, 'waitForUpload' | 'accel' | 'accelAbove'>> = {},
): Promise<DownloadServer> {
  await using opening = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'download-'))
  opening.defer(async () => await rm(folder, { recursive: true }))
  const clock = { now: Date.UTC(2026, 0, 2, 3, 4, 5) }
  const engine = opening.use(
    uploadEngine({
      slots: opening.use(memorySlotStore()),
      blobs: opening.use(await filesystemBlobStore({ folder })),
      leases: processLeases(),
      events: ENGINE_EVENTS,
      clock: () => clock.now,
      newId: randomId,
      networkName: ({ network }) => network,
      deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
      policy: () => POLICY,
    }),
  )
  const watched = watchWaiting(engine)
  const failures: unknown[] = []
  const listeners = opening.use(
    await startListeners({
      listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
      handler: downloadHandler({
        readers: waitingReaders(),
        waitForUpload: 0,
        ...options,
        engine: watched.engine,
        clock: () => clock.now,
      }),
      events: httpEvents(failures),
      clientAddress: CLIENTS,
      publicUrl: new URL('https://example.org/upload/'),
      clock: () => clock.now,
    }),
  )
  const [address] = listeners.addresses
  if (address?.kind !== 'tcp') throw new Error('The listener has no port')
  opening.defer(() => {
    if (failures.length > 0) throw new AggregateError(failures, 'The handler failed')
  })
  const resources = opening.move()
  return {
    engine,
    clock,
    waiting: watched.waiting,
    ask: async (path, ask = {}) => await fetchRaw({ port: address.port, path, ...ask }),
    publish: async (path, file) => await publish(engine, path, file),
    upload: async (path, upload) => await beginUpload(engine, path, upload),
    [Symbol.asyncDispose]: async () => await resources.disposeAsync(),
  }
}

function httpEvents(failures: unknown[]): HttpEvents {
  return {
    finished: nothing,
    refused: nothing,
    certificateReloaded: nothing,
    certificateRefused: nothing,
    failed: (_exchange, error) => failures.push(error),
  }
}

/** The engine itself, seen from where readers begin and end to wait. */
function watchWaiting(engine: UploadEngine): {
  engine: DownloadNeeds['engine']
  waiting: (count: number) => Promise<void>
} {
  const changes = new EventEmitter()
  const readers = { waiting: 0 }
  const change = (by: number): void => {
    readers.waiting += by
    changes.emit('change')
  }
  return {
    engine: {
      ...engine,
      async untilPublished(path, signal) {
        change(1)
        try {
          return await engine.untilPublished(path, signal)
        } finally {
          // After the handler has gone on: its reader's place is free by then.
          setImmediate(() => change(-1))
        }
      },
    },
    async waiting(count) {
      while (readers.waiting !== count) await once(changes, 'change')
    },
  }
}

async function fetchRaw(ask: Ask & { port: number; path: string }): Promise<Reply> {
  const { port, path, method = 'GET', headers = {}, signal } = ask
  const sent = request({
    host: '127.0.0.1',
    port,
    path: `/upload/${path}`,
    method,
    headers,
    agent: false,
    ...(signal === undefined ? {} : { signal }),
  })
  const { promise, resolve, reject } = Promise.withResolvers<Reply>()
  sent.on('error', reject)
  sent.on('response', (response) => {
    const { statusCode: status = 0, headers: fields } = response
    buffer(response).then((body) => resolve({ status, headers: fields, body }), reject)
  })
  sent.end()
  return await promise
}

async function publish(
  engine: UploadEngine,
  path: string,
  { bytes, type = 'text/plain', expiresAt }: NewFile,
): Promise<PublishedFile> {
  const content = Buffer.from(bytes)
  const body: ByteSource = {
    async pump(take) {
      await take([content])
      return 'end'
    },
    cut: nothing,
  }
  const grant = {
    ...grantFor(path, { size: content.length, type }),
    ...(expiresAt === undefined ? {} : { fileExpiresAt: expiresAt }),
  }
  const outcome = await engine.put({ grant, client: UPLOADER, body })
  if (outcome.kind !== 'published') throw new Error('The file was not published')
  return outcome.file
}

async function beginUpload(
  engine: UploadEngine,
  path: string,
  { bytes, size }: { bytes: string; size: number },
): Promise<OpenUpload> {
  const begun = Promise.withResolvers<void>()
  const rest = Promise.withResolvers<string | undefined>()
  const body: ByteSource = {
    async pump(take) {
      if (bytes !== '') await take([Buffer.from(bytes)])
      begun.resolve()
      const more = await rest.promise
      if (more === undefined) return 'cut'
      await take([Buffer.from(more)])
      return 'end'
    },
    cut: () => rest.resolve(undefined),
  }
  const grant = grantFor(path, { size, type: 'text/plain' })
  const put = engine.put({ grant, client: UPLOADER, body })
  await Promise.race([begun.promise, put])
  return {
    async finish(last) {
      rest.resolve(last)
      await put
    },
    async [Symbol.asyncDispose]() {
      rest.resolve(undefined)
      await put
    },
  }
}

function grantFor(raw: string, { size, type }: { size: number; type: string }): Grant {
  const path = parseSlotPath(raw)
  return { scheme: 'v2', path, fingerprint: fingerprintOf(path), size, contentType: type }
}
