import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { SignedPut } from '../app/slots.ts'
import {
  type RawRequest,
  type Reply,
  type Wire,
  ask,
  dial,
  headOf,
  replyIn,
} from '../app/wire-client.ts'
import { signedUrl } from '../interop/signed-url.ts'
import type { SeededRandom } from '../interop/seeded-random.ts'
import type { FaultSite } from './fault-site.ts'
import { type CutPoint, type FaultCase, idOf, randomOf } from './matrix.ts'
import { type Transfer, transferOf } from './transfer.ts'

/** Two networks of one phone; no proxy has these addresses. */
const BEFORE = '127.0.0.2'
const AFTERWARDS = '127.0.0.3'

const SMALLEST = 2 ** 18
const LARGEST = 2 ** 21

/** How often a client comes back before it gives up. */
const ATTEMPTS = 20

/** How often it is interrupted once more when it goes on. */
const CUT_AGAIN = 0.3

/** What an upload that was interrupted had to show for it. */
export interface Resumed {
  /** Where the client went on for the first time; nothing if its protocol can't tell. */
  readonly resumedAt?: number
}

/** One case of the matrix on its way. */
export interface InterruptedUpload extends Disposable {
  readonly id: string
  /** Path of the slot, with the public prefix. */
  readonly path: string
  /** Uploads as far as the cut. */
  reachCut(): Promise<void>
  /** What the fault does to the connection. */
  breakConnection(): void
  /** Goes on as the protocol says until the file is there, and checks all that was told on the way. */
  goOn(): Promise<Resumed>
}

/** An upload by a case's protocol; its choices are the seed's. */
export function interruptedUpload(
  one: FaultCase,
  site: FaultSite,
  seed: number,
): InterruptedUpload {
  const random = randomOf(one, seed)
  const id = idOf(one)
  const put = slotPut(`${id.replaceAll('/', '-')}.bin`, random, site)
  const transfer = transferOf(one.face, put)
  const cutAt = cutPosition(one.cut, put.body.length, random)
  const link = linkOf(site, random)
  let old: Wire | undefined
  /** The highest offset that the client was told. */
  let highest = 0
  /** Up to where a request brought bytes that the client gave up while it was under way. */
  let underWay = 0

  return {
    id,
    path: new URL(put.target, 'http://any').pathname,

    async reachCut(): Promise<void> {
      if (transfer.prepare !== undefined) {
        transfer.prepare.taken(accepted(await link.ask(transfer.prepare.request)))
      }
      const request = transfer.first()
      old = await link.dial()
      old.send(headOf(request))
      await readInformation(old, transfer)
      noteProgress(old, (offset) => {
        highest = Math.max(highest, offset)
      })
      await sent(old, bodyOf(request).subarray(0, cutAt))
      // Sometimes the fault is quicker than the server.
      if (random.fraction() < 0.75) await link.settle()
    },

    breakConnection(): void {
      if (one.fault === 'reset') old?.socket.resetAndDestroy()
      if (one.fault === 'fin') old?.socket.end()
      link.switchNetwork()
    },

    async goOn(): Promise<Resumed> {
      let resumedAt: number | undefined
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const standing = await comeBack(attempt)
        if (standing === undefined) continue
        resumedAt ??= standing.offset
        if (standing.isComplete || (await finished(standing.offset, attempt))) {
          await assertStored()
          return transfer.query === undefined ? {} : { resumedAt }
        }
      }
      throw new Error(`the client gave up after ${ATTEMPTS} attempts`)
    },

    [Symbol.dispose]: () => old?.[Symbol.dispose](),
  }

  async function comeBack(attempt: number): ReturnType<typeof standingNow> {
    const standing = await standingNow()
    // What was under way comes out of the old connection after the new one has spoken.
    if (one.fault === 'stall' && attempt === 0) old?.send(put.body.subarray(cutAt))
    return standing
  }

  async function standingNow(): Promise<{ offset: number; isComplete: boolean } | undefined> {
    if (transfer.query === undefined) return { offset: 0, isComplete: false }
    const reply = await link.ask(transfer.query())
    if (reply === undefined) return undefined
    const standing = transfer.standing(reply)
    const { offset } = standing
    assert.ok(Number.isSafeInteger(offset), `asked how much is stored: ${textOf(reply)}`)
    assert.ok(offset >= highest, `the offset fell from ${highest} to ${offset}`)
    assert.ok(offset <= put.body.length, `an offset of ${offset}`)
    highest = offset
    return standing
  }

  async function finished(offset: number, attempt: number): Promise<boolean> {
    const rest = transfer.rest(offset)
    if (attempt === 0 && random.fraction() < CUT_AGAIN) {
      await cutAgain(rest)
      return false
    }
    const reply = await link.ask(rest)
    if (reply === undefined || isOvertaken(reply, offset)) return false
    assert.equal(reply.status, transfer.final, `went on at ${offset}: ${textOf(reply)}`)
    return true
  }

  async function cutAgain(rest: RawRequest): Promise<void> {
    using wire = await link.dial()
    wire.send(headOf(rest))
    const body = bodyOf(rest)
    const length = random.integer(0, body.length)
    underWay = highest + length
    await sent(wire, body.subarray(0, length))
    wire.socket.resetAndDestroy()
  }

  /**
   * Whether the request that the client gave up reached its server only now, and took the upload further: requests
   * over two connections to two servers come in any order. The client is told where the upload stands.
   */
  function isOvertaken({ status, headers }: Reply, offset: number): boolean {
    const told = Number(headers['upload-offset'])
    return status === 409 && told > offset && told <= underWay
  }

  async function assertStored(): Promise<void> {
    const target = new URL(put.target, 'http://any').pathname
    for (const { port } of site.nodes()) {
      const reply = await askAt(port, { method: 'GET', target, from: AFTERWARDS })
      assert.equal(reply?.status, 200, 'the file is there')
      assert.equal(digest(reply.body), digest(put.body), 'the file has the bytes that were sent')
    }
  }
}

/** How the client reaches the servers: each request over a connection of its own. */
interface Link {
  dial(): Promise<Wire>
  /** The answer; nothing if the connection was cut without one, or the server is not ready. */
  ask(request: RawRequest): Promise<Reply | undefined>
  /** Resolves when the server has had the time to read what it was sent. */
  settle(): Promise<void>
  switchNetwork(): void
}

function linkOf(site: FaultSite, random: SeededRandom): Link {
  let from = BEFORE
  let hop = 0
  const port = (): number => {
    const nodes = site.nodes()
    // After the switch the client reaches another server, later any.
    hop += from === BEFORE ? 0 : 1
    const number = hop <= 1 ? hop : random.integer(0, nodes.length - 1)
    return nodes[number % nodes.length]?.port ?? 0
  }
  return {
    dial: async () => await dial(port(), from),
    ask: async (request) => await retrying(async () => await askAt(port(), { ...request, from })),
    settle: async () => {
      for (let turn = 0; turn < 2; turn += 1) {
        await ask(port(), { method: 'HEAD', target: '/upload/settled', from })
      }
    },
    switchNetwork: () => {
      from = AFTERWARDS
    },
  }
}

/** Waits as `Retry-After` says when the server is not ready. */
async function retrying(asking: () => Promise<Reply | undefined>): Promise<Reply | undefined> {
  const reply = await asking()
  if (reply?.status !== 503) return reply
  await pause(Number(reply.headers['retry-after'] ?? 1) * 1000)
  return undefined
}

/** The answer to a request; nothing if the connection broke without one. */
async function askAt(port: number, request: RawRequest): Promise<Reply | undefined> {
  using wire = await dial(port, request.from)
  wire.send(headOf({ ...request, headers: { Connection: 'close', ...request.headers } }))
  if (request.body !== undefined) wire.send(request.body)
  const received = await wire.ended
  return received.length === 0 ? undefined : replyIn(received)
}

/** Reads the 104 that tells where the client can go on (draft-ietf-httpbis-resumable-upload §4.2). */
async function readInformation(wire: Wire, { informed }: Transfer): Promise<void> {
  if (informed === undefined) return
  const text = await wire.until('\r\n\r\n')
  const { status, headers } = interimIn(text)
  assert.equal(status, 104, text)
  informed(headers)
}

function interimIn(text: string): Pick<Reply, 'status' | 'headers'> {
  const [line = '', ...fields] = text.split('\r\n\r\n', 1).join('').split('\r\n')
  const pairs = fields.map((field) => {
    const [name = ''] = field.split(':', 1)
    return [name.toLowerCase(), field.slice(name.length + 1).trim()] as const
  })
  return { status: Number(line.split(' ')[1]), headers: Object.fromEntries(pairs) }
}

/** Calls `told` with each offset that the server tells over the connection from now on. */
function noteProgress({ socket }: Wire, told: (offset: number) => void): void {
  socket.on('data', (piece: Buffer) => {
    const text = piece.toString('latin1')
    for (const [, offset] of text.matchAll(/^upload-offset: (\d+)\r$/gimu)) told(Number(offset))
  })
}

/** Resolves when the bytes are on their way, or the connection takes none any more. */
async function sent({ socket }: Wire, bytes: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.once('close', () => resolve())
  socket.write(bytes, () => resolve())
  await promise
}

function slotPut(name: string, random: SeededRandom, site: FaultSite): SignedPut {
  const body = random.bytes(random.integer(SMALLEST, LARGEST))
  const [node] = site.nodes()
  if (node === undefined) throw new Error('no server runs')
  const { pathname, search } = new URL(signedUrl(node, `faults/${name}`, body.length))
  return { method: 'PUT', target: pathname + search, headers: {}, body }
}

function cutPosition(cut: CutPoint, size: number, random: SeededRandom): number {
  switch (cut) {
    case '0':
      return 0
    case '1':
      return 1
    case 'middle':
      return random.integer(2, size - 2)
    case 'last':
      return size - 1
    case 'after':
      return size
  }
}

function bodyOf({ body = '' }: RawRequest): Buffer {
  return Buffer.from(body)
}

function accepted(reply: Reply | undefined): Reply {
  assert.equal(reply?.status, 201, 'the upload is created')
  return reply
}

function textOf({ status, body, headers }: Reply): string {
  return `${status} ${JSON.stringify(headers)} ${body.toString().slice(0, 300)}`
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
