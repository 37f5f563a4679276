import type { Clock, Instant } from '../core/clock.ts'
import { derivedKey } from '../core/hkdf.ts'
import type { KeyEntries, KeyEntry } from './key-entry.ts'
import { standings, turningPoints } from './standing.ts'

/** A key that others are derived from; it is never used itself. */
export interface MasterKey {
  /** Names it wherever something was derived from it. */
  readonly kid: string
  /** HKDF-SHA256 (RFC 5869): 32 bytes for `info`; the UTF-8 bytes of `salt`. */
  derive(info: string, salt: string): Buffer
}

/**
 * The master keys as they are now: time makes a coming one current and retires one that was overtaken, so
 * ask anew for each use.
 */
export interface MasterKeys {
  /** Used for what is new. */
  readonly current: MasterKey
  /** All that verify, the current one first; the same array until that changes. */
  readonly all: readonly MasterKey[]
  /** One that verifies. */
  find(kid: string): MasterKey | undefined
}

/** The keys of these entries. */
export function masterKeys(entries: KeyEntries, clock: Clock): MasterKeys {
  const keys = new Map(entries.map((entry) => [entry.kid, masterKey(entry)]))
  let view = viewAt(clock(), entries, keys)
  const now = (): View => {
    const instant = clock()
    if (instant < view.from || instant >= view.until) view = viewAt(instant, entries, keys)
    return view
  }
  return {
    get current() {
      return now().current
    },
    get all() {
      return now().all
    },
    find: (kid) => now().all.find((key) => key.kid === kid),
  }
}

/** The keys during a time in which none changes its state. */
interface View {
  readonly from: Instant
  readonly until: Instant
  readonly current: MasterKey
  readonly all: readonly MasterKey[]
}

function viewAt(now: Instant, entries: KeyEntries, keys: ReadonlyMap<string, MasterKey>): View {
  const standing = standings(entries, now)
  const named = (states: readonly string[]): MasterKey[] =>
    standing
      .filter(({ state }) => states.includes(state))
      .flatMap(({ entry }) => keys.get(entry.kid) ?? [])
  const [current] = named(['current'])
  if (current === undefined) throw new TypeError('no master key is current')
  const points = turningPoints(entries)
  return {
    from: Math.max(...points.filter((point) => point <= now), -Infinity),
    until: Math.min(...points.filter((point) => point > now), Infinity),
    current,
    all: [current, ...named(['coming', 'overlapping'])],
  }
}

function masterKey({ kid, key }: KeyEntry): MasterKey {
  return { kid, derive: (info, salt) => derivedKey(key, { info, salt }) }
}
