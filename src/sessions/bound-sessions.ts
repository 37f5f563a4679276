import { hash } from 'node:crypto'
import type { Instant } from '../core/clock.ts'
import type { Fingerprint } from '../core/slot-path.ts'
import { randomId } from '../core/random.ts'
import { Refusal } from '../core/refusals.ts'
import { boundRecords } from './bound-records.ts'
import {
  confirmedAt,
  isNews,
  provedBy,
  refreshedOnce,
  succeeding,
  usingRefresh,
} from './bound-session-life.ts'
import type { SessionNeeds } from './needs.ts'
import { type Visit, begun, presentNetwork } from './session-life.ts'
import type { Binding, BoundSession } from './session-record.ts'
import type { SessionRoom } from './session-room.ts'
import { isSilent, sendingTill } from './sending.ts'
import { pendingNews } from './upload-news.ts'
import { type Visitor, visitOf } from './visitor.ts'

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
  /** The session of that name unless it is too old; whose client is sending was active just now. */
  find(name: string): Promise<BoundSession | undefined>
  /** Notes a request that proved itself. */
  proved(session: BoundSession, visit: Visit): Promise<void>
  /** Notes that a new grant showed that it is its user's. */
  confirmed(session: BoundSession, at: Instant): Promise<void>
  /**
   * Makes a session that was opened just now one that may take the place of the older one: it is no younger,
   * and as well known. Resolves to what is stored; the older one stays as it is.
   */
  succeed(newer: BoundSession, older: BoundSession): Promise<BoundSession>
  /** Counts one more refresh; resolves to its number. Refuses (`refreshes-exhausted`) after `most` of them. */
  refresh(session: BoundSession, most: number): Promise<number>
  /** Notes that what was given out with that refresh is used. Refuses (`grant-expired`) what a later one replaced. */
  useRefresh(session: BoundSession, refresh: number): Promise<void>
  /** Ends a session, as its client asks for or because no slot took it. */
  end(session: BoundSession): Promise<void>
  /** The session's slot has an unfinished upload. */
  kept(name: string, slot: Fingerprint): void
  /** The session's slot has none any more; the latest byte came at `lastByteAt`. */
  left(name: string, slot: Fingerprint, lastByteAt?: Instant): void
  /** Stores what uploads of the sessions became. Rejects as the store does; then the next one tries again. */
  flush(): Promise<void>
}

/** Name of a session in every store. */
export function sessionNameOf(id: string): string {
  return hash('sha256', id, 'base64url')
}

export function boundSessions(needs: SessionNeeds, { limits }: SessionRoom): BoundSessions {
  const { store, events } = needs
  const { find, change } = boundRecords(needs)
  const news = pendingNews(change)

  return {
    async find(name): Promise<BoundSession | undefined> {
      const session = await find(name)
      return session !== undefined && isSilent(session, needs)
        ? await sendingTill(session, needs)
        : session
    },
    async open(opening): Promise<OpenedSession | undefined> {
      if (!needs.policy().isEnabled) return undefined
      await limits.makeRoom(1)
      if (limits.stored() >= needs.policy().maxSessions) {
        events.noRoom(opening.slot)
        throw new Refusal('session-unavailable')
      }
      const opened = openedWith(opening, needs)
      await store.save([opened.session])
      limits.add(1)
      return opened
    },
    async proved(seen, visit): Promise<void> {
      if (!isNews(seen, visit)) return
      const record = await change(seen.key, (session) =>
        isNews(session, visit) ? provedBy(session, visit) : session,
      )
      const [from, to] = [presentNetwork(seen), record && presentNetwork(record)]
      if (record === undefined || from === undefined || to === undefined) return
      if (from.network !== to.network) events.networkChanged(record, { from, to })
    },
    async confirmed({ key }, at): Promise<void> {
      await change(key, (session) => confirmedAt(session, at))
    },
    async succeed(newer, older): Promise<BoundSession> {
      const succeeded = await change(newer.key, (session) => succeeding(session, older))
      if (succeeded === undefined) throw new Refusal('session-unavailable')
      return succeeded
    },
    async refresh({ key }, most): Promise<number> {
      const refreshed = await change(key, (session) => refreshedOnce(session, most))
      if (refreshed === undefined) throw new Refusal('reauthentication-required')
      return refreshed.bound.refreshes
    },
    async useRefresh({ key }, refresh): Promise<void> {
      await change(key, (session) => usingRefresh(session, refresh))
    },
    async end({ key }): Promise<void> {
      limits.add(-(await store.remove([key])))
      news.forget(key)
    },
    kept(name, slot): void {
      news.note(name, slot, { isUnfinished: true })
      // Whoever ends the session in another process ends its uploads; a later flush tries again.
      if (needs.isShared === true) news.flush().catch(() => undefined)
    },
    left: (name, slot, lastByteAt) => news.note(name, slot, { isUnfinished: false, lastByteAt }),
    flush: news.flush,
  }
}

function openedWith({ slot, visitor, binding }: Opening, needs: SessionNeeds): OpenedSession {
  const id = randomId(ID_BYTES)
  const session: BoundSession = {
    ...begun(slot, visitOf(visitor, needs)),
    key: sessionNameOf(id),
    uploads: [slot],
    revision: 1,
    bound: { ...binding, refreshes: 0, refreshUsed: 0 },
  }
  return { id, session }
}
