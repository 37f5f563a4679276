import { hash } from 'node:crypto'
import type { Fingerprint } from '../core/slot-path.ts'
import { randomId } from '../core/random.ts'
import { Refusal } from '../core/refusals.ts'
import type { SessionNeeds } from './needs.ts'
import { begun, presentNetwork, visited } from './session-life.ts'
import { type Binding, type BoundSession, isBound } from './session-record.ts'
import type { SessionRoom } from './session-room.ts'
import { type Visitor, visitOf } from './visitor.ts'

/** Milliseconds within which another request of the same client in the same place is not worth a write. */
const PRECISION = 10_000

const ID_BYTES = 32

/** What a bound session begins with. */
export interface Opening {
  /** The slot that it is opened with. */
  readonly slot: Fingerprint
  readonly visitor: Visitor
  readonly binding: Omit<Binding, 'provedAt' | 'refreshes' | 'refreshUsed'>
}

/** A session that was opened just now. */
export interface OpenedSession {
  /** 256 random bits in base64url, told to its client and kept nowhere. */
  readonly id: string
  readonly session: BoundSession
}

/**
 * The sessions that have a key. All processes read and change them in the store, each change on top of
 * the latest one, so that none is lost; what concerns their uploads is stored with a later `flush`.
 * Trouble with the store is `Refusal('state-unavailable')`.
 */
export interface BoundSessions {
  /**
   * A new session, stored before it is returned; nothing where there are no sessions. Refuses
   * (`session-unavailable`) where there is no room: none with an unfinished upload makes any.
   */
  open(opening: Opening): Promise<OpenedSession | undefined>
  /** The session of that name unless it is too old. */
  find(name: string): Promise<BoundSession | undefined>
  /** Notes a request that proved itself. */
  proved(session: BoundSession, visitor: Visitor): Promise<void>
  /** Lets the newer session go on in the place of the older one on a slot: it is no younger, and has had as many refreshes. */
  succeed(newer: BoundSession, older: BoundSession, slot: Fingerprint): Promise<void>
  /** Counts one more refresh; resolves to its number. Refuses (`refreshes-exhausted`) after `most` of them. */
  refresh(session: BoundSession, most: number): Promise<number>
  /** Notes that what was given out with that refresh is used. Refuses (`grant-expired`) what a later one replaced. */
  useRefresh(session: BoundSession, refresh: number): Promise<void>
  /** Whether no slot is known to be bound to a session that was opened just now. */
  isUntaken(name: string): boolean
  /** Ends a session. */
  end(session: BoundSession): Promise<void>
  /** The session's slot has an unfinished upload. */
  kept(name: string, slot: Fingerprint): void
  /** The session's slot has none any more. */
  left(name: string, slot: Fingerprint): void
  /** Stores what uploads of the sessions became. Rejects as the store does; then the next one tries again. */
  flush(): Promise<void>
}

/** Name of a session in every store. */
export function sessionNameOf(id: string): string {
  return hash('sha256', id, 'base64url')
}

export function boundSessions(needs: SessionNeeds, { limits }: SessionRoom): BoundSessions {
  const { store, clock, policy, events } = needs
  /** By session, its slots and whether their uploads are unfinished. */
  const news = new Map<string, Map<Fingerprint, boolean>>()
  /** Opened here, and not yet heard of from any slot. */
  const untaken = new Set<string>()

  async function find(name: string): Promise<BoundSession | undefined> {
    const session = await store.find(name)
    if (session === undefined || !isBound(session)) return undefined
    return session.openedAt + policy().maxAge > clock() ? session : undefined
  }

  /** Changes the session as it stands in the store; `how` returns it as it is to change nothing. */
  async function change(
    name: string,
    how: (session: BoundSession) => BoundSession,
  ): Promise<BoundSession | undefined> {
    for (;;) {
      const session = await find(name)
      if (session === undefined) return undefined
      const next = how(session)
      if (next === session) return session
      const revision = session.revision + 1
      if (await store.replace({ ...next, revision }, session.revision)) return { ...next, revision }
    }
  }

  function note(name: string, slot: Fingerprint, isUnfinished: boolean): void {
    untaken.delete(name)
    const slots = news.get(name) ?? new Map<Fingerprint, boolean>()
    news.set(name, slots.set(slot, isUnfinished))
  }

  return {
    find,
    async open({ slot, visitor, binding }): Promise<OpenedSession | undefined> {
      if (!policy().isEnabled) return undefined
      await limits.makeRoom(1)
      if (limits.stored() >= policy().maxSessions) {
        events.noRoom(slot)
        throw new Refusal('session-unavailable')
      }
      const id = randomId(ID_BYTES)
      const session: BoundSession = {
        ...begun(slot, visitOf(visitor, needs)),
        key: sessionNameOf(id),
        uploads: [slot],
        revision: 1,
        bound: { ...binding, refreshes: 0, refreshUsed: 0 },
      }
      await store.save([session])
      limits.add(1)
      untaken.add(session.key)
      return { id, session }
    },
    async proved(seen, visitor): Promise<void> {
      const visit = visitOf(visitor, needs)
      const noted = (session: BoundSession): BoundSession =>
        isNews(session, visit) ? provedBy(session, visit) : session
      if (noted(seen) === seen) return
      const record = await change(seen.key, noted)
      const [from, to] = [presentNetwork(seen), record && presentNetwork(record)]
      if (record === undefined || from === undefined || to === undefined) return
      if (from.network !== to.network) events.networkChanged(record, { from, to })
    },
    async succeed(newer, older, slot): Promise<void> {
      await change(older.key, (session) => without(session, slot))
      const { openedAt, bound } = older
      await change(newer.key, (session) => ({
        ...session,
        openedAt,
        bound: { ...session.bound, refreshes: bound.refreshes, refreshUsed: bound.refreshUsed },
      }))
    },
    async refresh({ key }, most): Promise<number> {
      const refreshed = await change(key, (session) => {
        const { bound } = session
        if (bound.refreshes >= most) throw new Refusal('refreshes-exhausted')
        return { ...session, bound: { ...bound, refreshes: bound.refreshes + 1 } }
      })
      if (refreshed === undefined) throw new Refusal('reauthentication-required')
      return refreshed.bound.refreshes
    },
    async useRefresh({ key }, refresh): Promise<void> {
      await change(key, (session) => {
        const { bound } = session
        if (refresh < bound.refreshUsed) throw new Refusal('grant-expired', { why: 'refreshed' })
        return refresh === bound.refreshUsed
          ? session
          : { ...session, bound: { ...bound, refreshUsed: refresh } }
      })
    },
    async end({ key }): Promise<void> {
      news.delete(key)
      untaken.delete(key)
      await store.remove([key])
      limits.add(-1)
    },
    isUntaken: (name) => untaken.has(name),
    kept: (name, slot) => note(name, slot, true),
    left: (name, slot) => note(name, slot, false),
    async flush(): Promise<void> {
      for (const [name, slots] of [...news]) {
        news.delete(name)
        try {
          await change(name, (session) => withNews(session, slots))
        } catch (error) {
          news.set(name, new Map([...slots, ...(news.get(name) ?? [])]))
          throw error
        }
      }
    },
  }
}

/** Whether a proved request tells more of the session than is stored. */
function isNews(session: BoundSession, visit: ReturnType<typeof visitOf>): boolean {
  return (
    session.bound.provedAt === undefined ||
    presentNetwork(session)?.network !== visit.network ||
    visit.at - session.lastActiveAt > PRECISION
  )
}

/** Proved at once, a change of network is none that counts. */
function provedBy(session: BoundSession, visit: ReturnType<typeof visitOf>): BoundSession {
  const { changes: _unproved, ...next } = visited(session, visit)
  const { bound, revision } = session
  return { ...next, revision, bound: { ...bound, provedAt: bound.provedAt ?? visit.at } }
}

function withNews(session: BoundSession, slots: ReadonlyMap<Fingerprint, boolean>): BoundSession {
  return [...slots].reduce(
    (changed, [slot, isUnfinished]) =>
      isUnfinished ? holding(changed, slot) : without(changed, slot),
    session,
  )
}

function holding(session: BoundSession, slot: Fingerprint): BoundSession {
  if (session.uploads.includes(slot)) return session
  return { ...session, uploads: [...session.uploads, slot] }
}

function without(session: BoundSession, slot: Fingerprint): BoundSession {
  if (!session.uploads.includes(slot)) return session
  return { ...session, uploads: session.uploads.filter((other) => other !== slot) }
}
