import type { Clock } from '../core/clock.ts'
import { passingMap } from '../core/passing-map.ts'
import type { SessionRecord } from './session-record.ts'

/** Where a session stands: `unknown` while nobody has looked, as most end before somebody would. */
export type Origin = 'new' | 'stored' | 'unknown'

/** A session that was used in this process lately. */
export interface LiveSession {
  readonly record: SessionRecord
  readonly origin: Origin
  /** Whether it has changed since it was last handed out. */
  readonly isDirty: boolean
}

/** Milliseconds after its last request that a session is kept in memory, and counts as in use. */
const RECENT = 60_000

/** What a store must be told. */
export interface Changes {
  readonly changed: readonly LiveSession[]
  /** Ended, without anybody having looked whether they are stored. */
  readonly ended: readonly LiveSession[]
  /** Ended, and known by their keys only. */
  readonly gone: readonly string[]
}

/** The sessions in the memory of this process, least recently used first. */
export interface LiveSessions {
  find(key: string): LiveSession | undefined
  /** Puts the session in the place of the one with its key. Only a `used` one becomes the most recent. */
  put(session: LiveSession, use?: 'used'): void
  /** Takes the session out; if it may be stored, the store will be told. */
  end(key: string): void
  /** Takes the session out; the store knows. */
  forget(key: string): void
  /** Forgets the oldest session that has no upload, has been quiet and is not stored; `false` if there is none. */
  giveWay(): boolean
  /** How many there are. */
  size(): number
  /** How many of them are not stored as far as is known. */
  unstored(): number
  /** What changed, handed out once. */
  takeChanges(): Changes
  /** The store could not be told: they will be handed out again. */
  giveBack(changes: Changes): void
  /** Forgets what has been quiet for a while; whoever is stored is found again. */
  trim(): void
}

export function liveSessions(clock: Clock): LiveSessions {
  const sessions = passingMap<string, LiveSession>()
  let ended: LiveSession[] = []
  let gone: string[] = []
  let stored = 0

  function put(session: LiveSession, use?: 'used'): void {
    const { key } = session.record
    if (use === 'used') forget(key)
    stored += countStored(session) - countStored(sessions.get(key))
    sessions.set(key, session)
  }

  function forget(key: string): void {
    stored -= countStored(sessions.get(key))
    sessions.delete(key)
  }

  /** Those without a recent request, which stand first. */
  function* quiet(): Generator<LiveSession> {
    for (const session of sessions.values()) {
      if (session.record.lastActiveAt >= clock() - RECENT) return
      yield session
    }
  }

  return {
    find: (key) => sessions.get(key),
    put,
    forget,
    end(key): void {
      const session = sessions.get(key)
      forget(key)
      if (session === undefined) gone.push(key)
      else if (session.origin !== 'new') ended.push(session)
    },
    giveWay(): boolean {
      for (const { origin, record } of quiet()) {
        if (origin === 'stored' || record.uploads.length > 0) continue
        forget(record.key)
        return true
      }
      return false
    },
    size: () => sessions.size,
    unstored: () => sessions.size - stored,
    takeChanges(): Changes {
      const changed = [...sessions.values()].filter(({ isDirty }) => isDirty)
      for (const session of changed) put({ ...session, isDirty: false })
      const changes = { changed, ended, gone }
      ended = []
      gone = []
      return changes
    },
    giveBack(changes): void {
      const present = changes.changed.flatMap(({ record }) => sessions.get(record.key) ?? [])
      for (const session of present) put({ ...session, isDirty: true })
      ended.push(...changes.ended)
      gone.push(...changes.gone)
    },
    trim(): void {
      for (const { isDirty, record } of quiet()) if (!isDirty) forget(record.key)
    },
  }
}

function countStored(session: LiveSession | undefined): number {
  return Number(session?.origin === 'stored')
}
