import type { ByteSource, Ending, TakeBatch } from '../core/bytes.ts'
import { NOWHERE } from '../core/passing-set.ts'
import type { BodyWatch, WatchedBody } from './body-watch.ts'
import type { NodeRequest } from './node-messages.ts'

/** Most bytes of one batch, and most that are held while the taker is busy before reading pauses. */
export const BATCH_BYTES = 256 * 1024

/** A request's body, and what the exchange around it needs to know about it. */
export interface RequestBody extends ByteSource {
  /** Everything was received; nothing is left to discard. */
  readonly complete: boolean
  /** Lets `pump` end as `cut` while the connection stays: the request was answered without it. */
  abandon(): void
}

/** What the body needs of the connection it comes on. */
export interface BodyNeeds {
  readonly request: NodeRequest
  /** By `Content-Length`; a body that ends elsewhere was cut. */
  readonly contentLength: number | undefined
  readonly watch: BodyWatch
  /** Sends `100 Continue` if the client waits for it. */
  proceed(): void
  /** Ends the connection, or the HTTP/2 stream. */
  destroy(): void
}

/** A body in the course of being pumped. */
interface Flow extends WatchedBody {
  received: number
  paused: boolean
  pieces: Uint8Array[]
  held: number
  /** `take` has not settled: nothing may be handed over. */
  busy: boolean
  /** A flush at the end of this turn of the event loop is on its way. */
  flushing: boolean
  /** How the sender's side ended, once it did. */
  ending: Ending | undefined
  settled: boolean
  readonly take: TakeBatch
  readonly needs: BodyNeeds
  resolve(ending: Ending): void
  reject(reason: unknown): void
}

/** Makes the byte source of a request that has a body. */
export function requestBody(needs: BodyNeeds): RequestBody {
  let flow: Flow | undefined
  let refused = false
  return {
    get complete() {
      return flow?.ending === 'end'
    },
    pump: (take) => {
      if (flow !== undefined || refused || needs.request.destroyed) return Promise.resolve('cut')
      return new Promise<Ending>((resolve, reject) => {
        flow = startFlow({ needs, take, resolve, reject })
      })
    },
    cut: () => {
      needs.destroy()
      refused = true
      if (flow !== undefined) giveUp(flow)
    },
    abandon: () => {
      refused = true
      if (flow !== undefined) giveUp(flow)
    },
  }
}

/** The byte source of a request without a body. */
export function emptyBody(destroy: () => void): RequestBody {
  return { complete: true, pump: () => Promise.resolve('end'), cut: destroy, abandon: () => {} }
}

function startFlow(start: Pick<Flow, 'needs' | 'take' | 'resolve' | 'reject'>): Flow {
  const { needs } = start
  const flow: Flow = {
    ...start,
    seat: NOWHERE,
    looks: undefined,
    received: 0,
    paused: false,
    pieces: [],
    held: 0,
    busy: false,
    flushing: false,
    ending: undefined,
    settled: false,
    cut: () => {
      needs.destroy()
      giveUp(flow)
    },
  }
  needs.request.on('data', (piece: Uint8Array) => receive(flow, piece))
  needs.request.once('end', () => end(flow, endingOf(flow)))
  needs.request.once('close', () => senderGone(flow))
  needs.watch.add(flow)
  needs.proceed()
  return flow
}

function receive(flow: Flow, piece: Uint8Array): void {
  if (flow.ending !== undefined) return
  keep(flow, piece)
  if (flow.busy) pauseIfFull(flow)
  else if (flow.held >= BATCH_BYTES) handOver(flow)
  else if (!flow.flushing) {
    flow.flushing = true
    setImmediate(flush, flow)
  }
}

function keep(flow: Flow, piece: Uint8Array): void {
  flow.received += piece.byteLength
  flow.held += piece.byteLength
  flow.pieces.push(piece)
}

function pauseIfFull(flow: Flow): void {
  if (flow.paused || flow.held <= BATCH_BYTES) return
  flow.paused = true
  flow.needs.request.pause()
}

function flush(flow: Flow): void {
  flow.flushing = false
  if (!flow.busy) handOver(flow)
}

/** Hands over what is held, batch by batch, until `take` is busy or nothing is left. */
function handOver(flow: Flow): void {
  while (flow.held > 0 && !flow.settled) {
    const batch = nextBatch(flow)
    try {
      const taken = flow.take(batch)
      if (taken === undefined) continue
      flow.busy = true
      void taken.then(
        () => released(flow),
        (error: unknown) => fail(flow, error),
      )
    } catch (error) {
      fail(flow, error)
    }
    return
  }
  if (flow.ending !== undefined) settle(flow, flow.ending)
}

function nextBatch(flow: Flow): Uint8Array[] {
  const batch = flow.pieces
  if (flow.held <= BATCH_BYTES) {
    flow.pieces = []
    flow.held = 0
    return batch
  }
  let bytes = batch[0]?.byteLength ?? 0
  let count = 1
  while (bytes + (batch[count]?.byteLength ?? Infinity) <= BATCH_BYTES) {
    bytes += batch[count]?.byteLength ?? 0
    count += 1
  }
  flow.held -= bytes
  return batch.splice(0, count)
}

function released(flow: Flow): void {
  flow.busy = false
  handOver(flow)
  if (!flow.paused || flow.settled || flow.held > BATCH_BYTES) return
  flow.paused = false
  flow.needs.request.resume()
}

/** The sender closed: what Node.js still holds was received, and is handed over. */
function senderGone(flow: Flow): void {
  if (flow.ending !== undefined) return
  const { request } = flow.needs
  request.removeAllListeners('data')
  for (let piece: unknown = request.read(); piece !== null; piece = request.read()) {
    if (piece instanceof Uint8Array) keep(flow, piece)
  }
  end(flow, endingOf(flow))
}

function endingOf(flow: Flow): Ending {
  const { contentLength, request } = flow.needs
  if (contentLength !== undefined) return flow.received === contentLength ? 'end' : 'cut'
  return !request.aborted && request.complete ? 'end' : 'cut'
}

function end(flow: Flow, ending: Ending): void {
  if (flow.ending !== undefined) return
  flow.ending = ending
  flow.needs.watch.remove(flow)
  if (!flow.busy) handOver(flow)
}

/** Our own decision: what is held is dropped, but a `take` under way keeps its buffers. */
function giveUp(flow: Flow): void {
  if (flow.settled || flow.ending === 'end') return
  flow.ending = 'cut'
  stopReading(flow)
  if (!flow.busy) settle(flow, 'cut')
}

function fail(flow: Flow, error: unknown): void {
  flow.busy = false
  if (flow.settled) return
  flow.settled = true
  flow.ending ??= 'cut'
  stopReading(flow)
  flow.needs.request.pause()
  flow.reject(error)
}

function settle(flow: Flow, ending: Ending): void {
  if (flow.settled) return
  flow.settled = true
  stopReading(flow)
  flow.resolve(ending)
}

function stopReading(flow: Flow): void {
  flow.pieces = []
  flow.held = 0
  flow.needs.watch.remove(flow)
  flow.needs.request.removeAllListeners('data')
}
