import type { Fingerprint } from '../../core/slot-path.ts'
import type { Lease, LeaseRequest, Leases } from '../../engine/ports.ts'
import type { RedisConnection } from './connection.ts'
import { contend } from './contender.ts'
import { type Inboxes, type Message, inboxes } from './inboxes.ts'
import { keysBelow } from './keys.ts'
import { type Liveness, liveness } from './liveness.ts'
import { type Mailbox, mailbox } from './mailbox.ts'
import { type SharedLeases, sharedLeases } from './shared-leases.ts'

/** How often leases are renewed, in milliseconds. */
const RENEWAL = 5_000

/** What leases among processes are made of. */
export interface LeaseNeeds {
  readonly connection: RedisConnection
  readonly prefix: string
  /** Sorts out the requests of this process, before Redis is asked for the one that is left. */
  readonly local: Leases
  /** Name of this process: random, so that none is given twice. */
  readonly name: string
}

/** A request of this process that holds a lease in Redis, or asks for it. */
interface Contender {
  readonly slot: Fingerprint
  readonly news: Mailbox
  isHolding: boolean
  /** Somebody newer in this process wants the lease. */
  isWanted: boolean
}

/** Everything the functions below share. */
interface Parts {
  readonly local: Leases
  readonly shared: SharedLeases
  readonly messages: Inboxes
  readonly others: Liveness
  readonly contenders: Map<string, Contender>
  /** Leases on their way back. */
  readonly leaving: Set<Promise<void>>
  /** Aborts when this process gives up its leases. */
  readonly end: AbortSignal
}

/**
 * Leases among all processes that share a Redis. A holder in another process is told through its
 * inbox and gives way as it would to a request of its own; one that is silent for two seconds,
 * or whose lease ran out, is passed over. Such a holder may believe in its lease for a while: what
 * keeps it from doing harm is the lease token that every commit of a record compares. Disposing waits
 * until everything that was given back is free for others.
 */
export async function redisLeases(needs: LeaseNeeds): Promise<Leases & AsyncDisposable> {
  const { connection, local, name } = needs
  const keys = keysBelow(needs.prefix)
  const messages = inboxes(connection, keys.inbox)
  const end = new AbortController()
  const shared = sharedLeases(connection, keys)
  const others = liveness(name, messages)
  const parts: Parts = {
    local,
    shared,
    messages,
    others,
    contenders: new Map(),
    leaving: new Set(),
    end: end.signal,
  }
  await messages.open(name, (message) => take(message, parts))
  const renewals = setInterval(() => renewAll(parts), RENEWAL).unref()
  let number = 0
  return {
    async acquire(slot, request) {
      const contender: Contender = { slot, news: mailbox(), isHolding: false, isWanted: false }
      const release = (rival?: string): void => {
        contender.isWanted = true
        if (contender.isHolding) request.release(rival)
        else contender.news.put('superseded')
      }
      const place = await local.acquire(slot, { ...request, release })
      if (place === 'superseded') return place
      number += 1
      const me = `${name}/${number}`
      return await hold(me, { contender, place, request }, parts)
    },
    isHeld: (slot) => local.isHeld(slot),
    async isHeldElsewhere(slot) {
      const holder = await shared.holderOf(slot)
      return holder !== undefined && holder !== name && (await others.isAlive(holder))
    },
    async [Symbol.asyncDispose]() {
      clearInterval(renewals)
      end.abort()
      await Promise.all(parts.leaving)
    },
  }
}

/** Gets the lease in Redis for the one request of this process that has come so far. */
async function hold(
  me: string,
  { contender, place, request }: { contender: Contender; place: Lease; request: LeaseRequest },
  parts: Parts,
): Promise<Lease | 'superseded'> {
  const { shared, contenders } = parts
  const { signal, by = '' } = request
  const { slot, news } = contender
  using stack = new DisposableStack()
  stack.use(place)
  stack.defer(() => {
    contenders.delete(me)
    giveBack(me, slot, parts)
  })
  contenders.set(me, contender)
  const asking = {
    me,
    ask: async () => await shared.ask(me, slot, by),
    insist: async (silent: string) => await shared.insist(me, slot, { by, silent }),
  }
  const outcome = await contend(asking, { news, signal })
  if (outcome === 'superseded' || contender.isWanted) return 'superseded'
  contender.isHolding = true
  const kept = stack.move()
  return { slot, [Symbol.dispose]: () => kept.dispose() }
}

/** What can't be said now ends by itself when the lease is not renewed. */
function giveBack(me: string, slot: string, { shared, leaving }: Parts): void {
  const left = shared
    .giveBack(me, slot)
    .catch(() => {})
    .finally(() => leaving.delete(left))
  leaving.add(left)
}

/** Understands a message to this process. */
function take(message: Message, parts: Parts): void {
  const { messages, others, contenders } = parts
  const { word, to, slot, from, by } = message
  const contender = contenders.get(to)
  if (word === 'asked') messages.send({ word: 'heard', to: from, slot, from: to })
  if (word === 'ping' || word === 'pong') others.take(message)
  else if (contender === undefined) {
    // It is gone: its answer crossed this message.
    if (word === 'asked' || word === 'given') giveBack(to, slot, parts)
  } else if (word === 'asked' || word === 'lost') makeWay(contender, parts, by)
  else if (word === 'heard' || word === 'given' || word === 'superseded') contender.news.put(word)
}

/** A newcomer elsewhere is like one here: it asks the holder, and supersedes whoever waits. */
function makeWay({ slot }: Contender, { local, end }: Parts, by = ''): void {
  const giveWay = async (): Promise<void> => {
    const place = await local.acquire(slot, { release: () => {}, signal: end, by })
    if (place !== 'superseded') place[Symbol.dispose]()
  }
  giveWay().catch(() => {})
}

function renewAll(parts: Parts): void {
  for (const [me, contender] of parts.contenders) {
    // The next renewal comes before the lease ends.
    if (contender.isHolding) renewOne(me, contender, parts).catch(() => {})
  }
}

/** A lease that ran out, as it does while Redis is away, is taken again if nobody else has it. */
async function renewOne(me: string, contender: Contender, parts: Parts): Promise<void> {
  const { shared, contenders } = parts
  const { slot } = contender
  const isOver = (): boolean => !contenders.has(me)
  if ((await shared.renew(me, slot)) || isOver()) return
  try {
    const holder = await shared.insist(me, slot, { by: '', silent: '' })
    if (holder !== me && !isOver()) makeWay(contender, parts)
  } finally {
    // It was given back meanwhile, perhaps before it was taken again.
    if (isOver()) giveBack(me, slot, parts)
  }
}
