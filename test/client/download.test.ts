/** Downloads from the server itself, over a network that fails. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { DownloadEvent } from '../../src/client/download-options.ts'
import { download } from '../../src/client/download.ts'
import type { Network } from '../../src/client/platform.ts'
import type { Progress } from '../../src/client/upload-options.ts'
import { type Site, eventually, startSite, stored as storedBytesOf } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { ask, dial, headOf } from '../app/wire-client.ts'
import { freePort } from '../interop/free-ports.ts'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { type AnswerCut, type AnswerCutter, answerCutter } from './answer-cutter.ts'

const MIB = 1024 * 1024
const PATH = 'a1b2/film ü.mp4'
const random = seededRandom(seedOfThisRun())

interface Stored extends AsyncDisposable {
  readonly site: Site
  readonly proxy: AnswerCutter
  readonly url: string
}

/** A server with a file, behind a proxy that cuts answers. */
async function stored(content: Buffer, cuts: readonly AnswerCut[] = []): Promise<Stored> {
  await using opened = new AsyncDisposableStack()
  const site = opened.use(await startSite())
  const proxy = opened.use(await answerCutter(() => site.port, cuts))
  await ask(site.port, signedPut(PATH, content, { contentType: 'video/mp4', scheme: 'v2' }))
  const url = `http://127.0.0.1:${proxy.port}/a1b2/film%20%C3%BC.mp4`
  const kept = opened.move()
  return { site, proxy, url, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  return Buffer.from(await new Response(stream).arrayBuffer())
}

/** A signal that keeps a download that hangs from hanging the test. */
function guarded(): AbortSignal {
  return AbortSignal.timeout(20_000)
}

test('a download tells what the file is and gives its bytes', async () => {
  const content = random.bytes(3 * MIB)
  await using there = await stored(content)
  const reports: Progress[] = []
  const onProgress = (progress: Progress): void => void reports.push(progress)
  const file = await download(there.url, { signal: guarded(), onProgress })
  assert.deepEqual(
    [file.url, file.size, file.type, file.name, file.start],
    [there.url, content.length, 'video/mp4', 'film ü.mp4', 0],
  )
  assert.match(file.etag ?? '', /^"[^"]+"$/u)
  assert.ok(content.equals(await bytesOf(file.stream)))
  assert.deepEqual([reports[0]?.sent, reports[0]?.size], [0, content.length])
  assert.deepEqual([reports.at(-1)?.sent, reports.at(-1)?.stored], [content.length, content.length])
  assert.ok(reports.length < 100, `${reports.length} reports`)
  const { rate = 0, eta } = reports.at(-1) ?? {}
  assert.ok(rate > 0)
  assert.equal(eta, 0)
})

test('blob gives a file of the right type; an empty one, too', async () => {
  for (const content of [Buffer.from('to be or not to be'), Buffer.alloc(0)]) {
    await using there = await stored(content)
    const file = await download(there.url, { signal: guarded() })
    const blob = await file.blob()
    assert.deepEqual(
      [blob.type, blob.size, file.size],
      ['video/mp4', content.length, content.length],
    )
    assert.equal(await blob.text(), content.toString())
  }
})

test('a download that is cut again and again goes on at the byte', async (t) => {
  t.diagnostic(`SEED=${random.seed}`)
  const content = random.bytes(4 * MIB)
  const places = Array.from({ length: 8 }, () => random.integer(1, content.length))
  const cuts = [...new Set(places)]
    .toSorted((left, right) => left - right)
    .map((at) => ({ at, kind: random.fraction() < 0.5 ? 'reset' : 'silence' }) as const)
  await using there = await stored(content, cuts)
  const begins: (readonly [from: number, read: number])[] = []
  const pieces: Uint8Array[] = []
  let read = 0
  const onEvent = (event: DownloadEvent): void => {
    if (event.kind === 'receiving') begins.push([event.offset, read])
  }
  const file = await download(there.url, { signal: guarded(), stall: 150, onEvent })
  for await (const piece of file.stream) {
    pieces.push(piece)
    read += piece.length
  }
  assert.ok(content.equals(Buffer.concat(pieces)), 'other bytes')
  assert.equal(there.proxy.left(), 0)
  // A busy machine may be silent for as long as a dead connection.
  assert.ok(begins.length > cuts.length, `${begins.length} connections`)
  for (const [from, had] of begins) assert.equal(from, had)
})

test('a download that is continued has the rest of the file only', async () => {
  const content = random.bytes(MIB)
  await using there = await stored(content)
  const { etag = '', stream } = await download(there.url, { signal: guarded() })
  await stream.cancel()
  const reports: number[] = []
  const rest = await download(there.url, {
    from: { offset: 1_000_000, etag },
    signal: guarded(),
    onProgress: ({ sent }) => reports.push(sent),
  })
  assert.deepEqual([rest.start, rest.size], [1_000_000, content.length])
  assert.ok(content.subarray(1_000_000).equals(await bytesOf(rest.stream)))
  assert.deepEqual([reports[0], reports.at(-1)], [1_000_000, content.length])
})

test('a download of another file than before begins anew', async () => {
  const content = random.bytes(MIB)
  await using there = await stored(content)
  for (const offset of [1000, content.length, content.length + 1000]) {
    const from = { offset, etag: '"another"' }
    const file = await download(there.url, { from, signal: guarded() })
    assert.equal(file.start, 0)
    assert.ok(content.equals(await bytesOf(file.stream)))
  }
})

test('nothing is fetched ahead of the reader but what the network holds', async () => {
  const content = Buffer.alloc(48 * MIB)
  await using there = await stored(content)
  const file = await download(there.url, { signal: guarded() })
  const reader = file.stream.getReader()
  let read = 0
  // Whatever fills buffers has filled them by then.
  for (let count = 0; count < 20; count += 1) read += (await reader.read()).value?.length ?? 0
  assert.ok(there.proxy.passed() < read + 24 * MIB, `${there.proxy.passed()} bytes came`)
  await reader.cancel()
})

/** A network that changes when it is told to. */
function changeableNetwork(): { network: Network; change: () => void } {
  const listeners = new Set<() => void>()
  return {
    change: () => {
      for (const listener of listeners) listener()
    },
    network: {
      isOnline: () => true,
      onChange(callback, signal) {
        listeners.add(callback)
        signal.addEventListener('abort', () => listeners.delete(callback))
      },
    },
  }
}

test('a file that is still being uploaded is waited for, and a change of network ends the wait', async () => {
  await using site = await startSite(['downloads.wait_for_upload=0'])
  using wire = await dial(site.port)
  const put = signedPut('a1b2/slow.txt', 'slow upload')
  wire.send(headOf(put))
  wire.send('slow ')
  await storedBytesOf(site, 'slow '.length)
  const { network, change } = changeableNetwork()
  const waits: number[] = []
  const file = await download(`http://127.0.0.1:${site.port}/a1b2/slow.txt`, {
    signal: guarded(),
    network,
    onEvent(event) {
      if (event.kind !== 'waiting') return
      waits.push(event.wait)
      wire.send('upload')
      void wire.until('201').then(change)
    },
  })
  assert.equal(await (await file.blob()).text(), 'slow upload')
  // What `Retry-After` says of such a file.
  assert.deepEqual(waits, [5000])
})

test('a download that is aborted ends with the reason while it reads', async () => {
  await using there = await stored(random.bytes(8 * MIB), [{ at: 4 * MIB, kind: 'silence' }])
  const stop = new AbortController()
  const file = await download(there.url, { signal: stop.signal, stall: 60_000 })
  const reading = bytesOf(file.stream)
  await eventually(async () => there.proxy.left() === 0)
  stop.abort(new Error('enough'))
  await assert.rejects(reading, /enough/u)
})

test('a download that is aborted ends with the reason while it waits', async () => {
  const stop = new AbortController()
  // Nobody listens there.
  const waiting = download(`http://127.0.0.1:${await freePort()}/file`, {
    signal: stop.signal,
    onEvent: ({ kind }) => {
      if (kind === 'waiting') stop.abort(new Error('no patience'))
    },
  })
  await assert.rejects(waiting, /no patience/u)
})

test('a file that does not exist is refused at once', async () => {
  await using site = await startSite()
  await assert.rejects(download(`http://127.0.0.1:${site.port}/none`, { signal: guarded() }), {
    name: 'UploadError',
    code: 'refused',
    status: 404,
  })
})
