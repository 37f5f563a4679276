import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { append, creation, head, located } from '../test/app/rufh-client.ts'
import { type Reply, type Wire, ask, dial, headOf, replyIn } from '../test/app/wire-client.ts'
import { BenchFailure } from './failure.ts'

/** One file on its way over connections that break. */
export interface Journey {
  readonly port: number
  /** Path and query of the slot's PUT. */
  readonly target: string
  readonly body: Buffer
  /** Addresses of the client, used in turn. */
  readonly networks: readonly string[]
  /** Bytes per second; absent: as fast as possible. */
  readonly rate?: number
  /** When the network is lost: after how many bytes of a connection, or milliseconds. */
  readonly loss?: { readonly bytes?: number; readonly milliseconds?: number }
  /** How it is lost: `silent` leaves the old connection half-open. */
  readonly manner: 'silent' | 'reset'
  /** Networks that are lost; afterwards the connection holds. */
  readonly losses: number
  readonly signal: AbortSignal
}

/** A change from one network to another. */
export interface Switch {
  /** Bytes given to the lost connection, counted from the file's start. */
  readonly sent: number
  /** Where the server says that the upload stands. */
  readonly offset: number
  /** From the first byte on the new connection until that is known. */
  readonly milliseconds: number
}

/** What became of a journey. */
export interface Arrival {
  readonly switches: readonly Switch[]
  /** Whether the server said that it has the whole file. */
  readonly isComplete: boolean
}

/** Milliseconds between two writes of an upload with a rate. */
const TICK = 100

/** Bytes of a write of an upload without one. */
const PIECE = 64 * 1024

/** Uploads with the IETF protocol: creates without a byte, then appends, and asks after each loss. */
export async function travel(journey: Journey): Promise<Arrival> {
  const { port, target, body, networks } = journey
  using lost = new DisposableStack()
  const switches: Switch[] = []
  const from = (): string => networks[switches.length % networks.length] ?? '127.0.0.2'
  const put = { method: 'PUT', target, headers: {}, body, from: from() }
  const empty = creation(put, undefined, { bytes: Buffer.alloc(0), isComplete: false })
  const made = await ask(port, empty)
  if (made.status !== 201) throw new BenchFailure(`A creation was answered ${made.status}`)
  const upload = located(made)
  for (let offset = 0; ;) {
    const wire = lost.use(await dial(port, from()))
    const request = append(upload, undefined, {
      offset,
      bytes: body.subarray(offset),
      isComplete: true,
    })
    wire.send(headOf({ ...request, headers: { Connection: 'close', ...request.headers } }))
    const holds = switches.length >= journey.losses
    const sent = await sendUntilLost(
      wire,
      offset,
      holds ? { ...journey, loss: undefined } : journey,
    )
    if (sent === 'all') {
      const { status } = replyIn(await wire.ended)
      return { switches, isComplete: status === 201 }
    }
    if (journey.manner === 'reset') wire.socket.resetAndDestroy()
    const asked = {
      ...head(upload, undefined),
      from: networks[(switches.length + 1) % networks.length] ?? '',
    }
    const { reply, milliseconds } = await timed(port, asked)
    if (reply.headers['upload-complete'] === '?1') return { switches, isComplete: true }
    offset = Number(reply.headers['upload-offset'])
    if (!(offset >= 0)) throw new BenchFailure(`HEAD was answered ${reply.status}`)
    switches.push({ sent, offset, milliseconds })
  }
}

/** Sends from `offset` on; resolves to `all`, or to how far it came when the network was lost. */
async function sendUntilLost(
  wire: Wire,
  offset: number,
  journey: Omit<Journey, 'loss'> & { readonly loss?: Journey['loss'] | undefined },
): Promise<number | 'all'> {
  const { body, rate, loss = {}, signal } = journey
  const start = performance.now()
  const { bytes = Infinity, milliseconds = Infinity } = loss
  let at = offset
  while (at < body.length) {
    if (at - offset >= bytes || performance.now() - start >= milliseconds) return at
    const most = rate === undefined ? PIECE : Math.round((rate * TICK) / 1000)
    const end = Math.min(at + most, offset + bytes, body.length)
    if (wire.socket.destroyed) throw await endedEarly(wire, at)
    if (!wire.socket.write(body.subarray(at, end))) await drained(wire, signal)
    at = end
    if (rate !== undefined) await delay(TICK, undefined, { signal })
  }
  return 'all'
}

/** Resolves when there is room for more, or the connection has ended. */
async function drained({ socket, ended }: Wire, signal: AbortSignal): Promise<void> {
  try {
    await Promise.race([once(socket, 'drain', { signal }), ended])
  } catch {
    signal.throwIfAborted()
  }
}

/** A server that ends a connection over which bytes come; with what it said, if anything. */
async function endedEarly({ ended }: Wire, at: number): Promise<BenchFailure> {
  const [said = ''] = (await ended).toString('latin1').split('\r\n', 1)
  return new BenchFailure(`The server ended an upload at byte ${at}: ${said}`)
}

/** The answer, and how long it took from the first byte of the question. */
async function timed(
  port: number,
  request: Parameters<typeof ask>[1],
): Promise<{ reply: Reply; milliseconds: number }> {
  using wire = await dial(port, request.from)
  const start = performance.now()
  wire.send(headOf({ ...request, headers: { Connection: 'close', ...request.headers } }))
  await wire.until('\r\n\r\n')
  const milliseconds = performance.now() - start
  return { reply: replyIn(await wire.ended), milliseconds }
}

/** Whether the file of a journey reads back byte for byte. */
export async function isIntact({ port, target, body }: Journey): Promise<boolean> {
  const { pathname } = new URL(target, 'http://any')
  const reply = await ask(port, { method: 'GET', target: pathname })
  return reply.status === 200 && body.equals(reply.body)
}
