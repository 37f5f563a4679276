import assert from 'node:assert/strict'
import { test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import type { Source } from '../../src/client/source.ts'
import type { Transport } from '../../src/client/transport.ts'
import type { Face, UploadEvent } from '../../src/client/upload-event.ts'
import { uploading } from '../../src/client/upload.ts'
import { toldNetwork } from './told-network.ts'
import { countingServer } from './counting-server.ts'

const CHUNK = 500_000
const SIZE = 100 * CHUNK

/** A file that is nowhere; `slices` are the lengths that were asked for. */
function endless(): Source & { readonly slices: number[] } {
  const slices: number[] = []
  const bytes = new Blob([new Uint8Array(CHUNK)])
  return {
    size: SIZE,
    slices,
    slice(start, end) {
      slices.push(end - start)
      return bytes.slice(0, end - start)
    },
  }
}

interface Receiving {
  readonly transport: Transport
  /** Most bytes of bodies that were held at once. */
  readonly most: () => number
}

/** Takes appends by this protocol, each after its turn. */
function receiving(face: Exclude<Face, 'plain'>): Receiving {
  let offset = 0
  let held = 0
  let most = 0
  const headers = (): Headers =>
    new Headers({
      location: '/-/uploads/a',
      'upload-offset': String(offset),
      'upload-complete': offset === SIZE ? '?1' : '?0',
      'x-resume': face === 'rufh' ? 'rufh' : '',
      'x-chunk-size': String(CHUNK),
      ...(face === 'tus' && { 'tus-resumable': '1.0.0' }),
    })
  return {
    most: () => most,
    async transport({ body, onSent }) {
      const size = body?.size ?? 0
      most = Math.max(most, (held += size))
      await new Promise(setImmediate)
      if (body) onSent?.(size)
      held -= size
      offset += size
      return { status: 200, headers: headers() }
    },
  }
}

for (const face of ['rufh', 'tus'] as const) {
  test(`by ${face} no more than one append of a file is held, however long the file is`, async () => {
    const { transport, most } = receiving(face)
    const source = endless()
    const slot = { put: 'https://files.example/up/film.mp4', get: 'https://files.example/f' }
    await uploading({ transport, network: toldNetwork() })(source, slot, { session: 'none' })
    assert.equal(most(), CHUNK)
    assert.ok(source.slices.every((length) => length <= CHUNK))
    assert.equal(
      source.slices.reduce((sum, length) => sum + length, 0),
      SIZE,
      'and each byte is asked for once',
    )
  })
}

test('of a file that goes in one PUT no more than a few pieces are held', async () => {
  await using server = await countingServer()
  const put = `${server.origin}/up/film.mp4`
  let sent = 0
  let most = 0

  async function* pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for (let read = CHUNK; read <= SIZE; read += CHUNK) {
      most = Math.max(most, read - sent)
      yield new Uint8Array(CHUNK)
    }
  }

  const whole = { size: SIZE, stream: () => ReadableStream.from(pieces()) }
  const onEvent = (event: UploadEvent): void => {
    if (event.kind === 'sent') sent = event.offset
  }
  const upload = uploading({ transport: httpTransport(), network: toldNetwork() })
  await upload({ size: SIZE, slice: () => whole }, { put, get: put }, { session: 'none', onEvent })
  assert.equal(server.received(), SIZE)
  assert.ok(most <= 4 * CHUNK, `${most} bytes`)
})
