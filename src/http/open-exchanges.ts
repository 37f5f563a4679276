import type { Socket } from 'node:net'
import { passingSet } from '../core/passing-set.ts'
import type { RunningExchange } from './running-exchange.ts'

/** Requests whose answer is not complete, and who waits for that. */
export interface OpenExchanges {
  readonly all: () => readonly RunningExchange[]
  /** Those of the ordinary way that are on one connection of HTTP/1.1, as they came. */
  readonly on: (socket: Socket) => ReadonlySet<RunningExchange>
  readonly add: (exchange: RunningExchange) => void
  /** Adds one of the ordinary way; returns the one that came before it on its connection and is not over. */
  readonly queue: (exchange: RunningExchange) => RunningExchange | undefined
  /** The exchange is over. Without effect the second time. */
  readonly finish: (exchange: RunningExchange) => void
  /** The exchange was never begun, and nobody is told of it. */
  readonly forget: (exchange: RunningExchange) => void
  /** Calls back when this one is over: at once if it is, or if there is none. */
  readonly after: (exchange: RunningExchange | undefined, call: () => void) => void
  /** Resolves when none is left. */
  readonly idle: (signal: AbortSignal) => Promise<void>
}

/** `over` is told of each exchange that is, before whoever waits for it. */
export function openExchanges(over: (exchange: RunningExchange) => void): OpenExchanges {
  const open = passingSet<RunningExchange>()
  const onSocket = new WeakMap<Socket, Set<RunningExchange>>()
  const followers = new Map<RunningExchange, (() => void)[]>()
  const idlers = new Set<() => void>()

  const remove = (exchange: RunningExchange): boolean => {
    if (exchange.socket !== undefined) onSocket.get(exchange.socket)?.delete(exchange)
    return open.delete(exchange)
  }
  const wakeIdlers = (): void => {
    if (open.size === 0) for (const wake of idlers) wake()
  }
  const finish = (exchange: RunningExchange): void => {
    if (!remove(exchange)) return
    over(exchange)
    const waiting = followers.get(exchange)
    followers.delete(exchange)
    for (const call of waiting ?? []) call()
    wakeIdlers()
  }
  const exchangesOn = (socket: Socket): Set<RunningExchange> => {
    const known = onSocket.get(socket)
    if (known !== undefined) return known
    const made = new Set<RunningExchange>()
    onSocket.set(socket, made)
    // A pipelined answer that waits for its turn is not told when its connection closes.
    socket.once('close', () => made.forEach(finish))
    return made
  }

  return {
    all: () => open.all(),
    on: (socket) => onSocket.get(socket) ?? NONE,
    add: (exchange) => open.add(exchange),
    queue: (exchange) => {
      open.add(exchange)
      if (exchange.socket === undefined) return undefined
      const queued = exchangesOn(exchange.socket)
      const before = [...queued].at(-1)
      queued.add(exchange)
      return before
    },
    finish,
    forget: (exchange) => {
      remove(exchange)
      wakeIdlers()
    },
    after: (exchange, call) => {
      if (exchange === undefined || !open.has(exchange)) return call()
      followers.set(exchange, [...(followers.get(exchange) ?? []), call])
    },
    idle: async (signal) => {
      if (open.size === 0 || signal.aborted) return
      const { promise, resolve } = Promise.withResolvers<void>()
      idlers.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      idlers.delete(resolve)
    },
  }
}

const NONE: ReadonlySet<RunningExchange> = new Set()
