import { CLOCK_SKEW, type Clock, type Instant } from '../core/clock.ts'
import { OperatorError } from '../core/operator-error.ts'
import { type KeyEntries, type KeyEntry, freshEntry } from './key-entry.ts'
import { readKeyFile, replaceKeyFile } from './key-file.ts'
import { lockKeyFile } from './key-lock.ts'
import { type KeyState, standings } from './standing.ts'

/** More keys than anybody needs at a time; each of them is tried with every proof of a stranger. */
const MOST_KEYS = 64

/** What a change of the keys works on. */
export interface KeyFileNeeds {
  readonly file: string
  readonly clock: Clock
  /** Milliseconds that a key verifies after its successor took over: {@link overlapFor}. */
  readonly overlap: number
}

/** A new key. */
export interface Rotation {
  readonly kid: string
  readonly activeFrom: Instant
  /** The key before it, and when nothing of it is good any longer. */
  readonly before: { readonly kid: string; readonly retireAt: Instant }
}

/** What became of a key that was to be retired. */
export type Retirement =
  | { readonly kid: string; readonly removed: false; readonly retireAt: Instant }
  | {
      readonly kid: string
      readonly removed: true
      readonly was: KeyState
      readonly current: string
    }

/**
 * How long a key must verify after its successor took over: nothing that is derived from it is good for longer than
 * a session lives (`maxSessionAge`, milliseconds), and servers' clocks differ.
 */
export function overlapFor(maxSessionAge: number): number {
  return maxSessionAge + CLOCK_SKEW
}

/**
 * Adds a key that becomes current `activateIn` milliseconds from now, by when every process that has the file is to
 * know it. Keys that are retired leave the file. Throws an `OperatorError` if a key is coming already, another process
 * changes the file, or the file can't be changed.
 */
export async function rotateKeys(needs: KeyFileNeeds, activateIn: number): Promise<Rotation> {
  return await changed(needs, (entries, now) => {
    refuseSecond(entries, now)
    return rotated(entries, { now, activateIn, overlap: needs.overlap })
  })
}

/**
 * What there is to do for the keys, done: those that are retired leave the file, and a new one is added when the
 * newest is `rotateEvery` milliseconds old (0: never). Resolves to the new key, nothing if there is none. Of several processes
 * that do this at once one adds a key. Throws as {@link rotateKeys}.
 */
export async function keepKeys(
  needs: KeyFileNeeds,
  { rotateEvery, activateIn }: { rotateEvery: number; activateIn: number },
): Promise<Rotation | undefined> {
  return await changed(needs, (entries, now) => {
    if (!isDue(entries[0], rotateEvery, now)) return { entries, result: undefined }
    return rotated(entries, { now, activateIn, overlap: needs.overlap })
  })
}

/** Whether there is something to do for {@link keepKeys}. */
export function needKeeping(entries: KeyEntries, rotateEvery: number, now: Instant): boolean {
  const hasRetired = standings(entries, now).some(({ state }) => state === 'retired')
  return hasRetired || isDue(entries[0], rotateEvery, now)
}

/**
 * Retires a key. One that is coming is removed, because nothing is derived from it; one that was overtaken when
 * nothing of it can be good any longer; the current one never. With `atOnce` any key is removed now: what is derived from
 * it is refused from then on, and a fresh key takes the place of the current one. Throws an `OperatorError` if there is
 * no such key or it must not be removed, and as {@link rotateKeys}.
 */
export async function retireKey(
  needs: KeyFileNeeds,
  kid: string,
  { atOnce }: { atOnce: boolean },
): Promise<Retirement> {
  return await changed<Retirement>(needs, (entries, now) => {
    const found = standings(entries, now).find(({ entry }) => entry.kid === kid)
    if (found === undefined) throw unknown(kid, entries)
    const { entry, state } = found
    if (state === 'current' && !atOnce) throw inUse(kid)
    const retireAt = entry.retireAt ?? overtakenAt(entry, entries) + needs.overlap
    if (state === 'overlapping' && !atOnce && retireAt > now) {
      return {
        entries: mapped(entries, (each) => (each === entry ? { ...each, retireAt } : each)),
        result: { kid, removed: false, retireAt },
      }
    }
    const left = withSuccessor(entries, entry, { state, now })
    const current = standings(left, now).find((each) => each.state === 'current')
    const result = { kid, removed: true, was: state, current: current?.entry.kid ?? '' } as const
    return { entries: left, result }
  })
}

/** The change of entries, and what is told of it. */
interface Change<T> {
  readonly entries: KeyEntries
  readonly result: T
}

async function changed<T>(
  { file, clock }: KeyFileNeeds,
  change: (entries: KeyEntries, now: Instant) => Change<T>,
): Promise<T> {
  using _lock = lockKeyFile(file)
  const found = await readKeyFile(file)
  if (found === undefined) throw new OperatorError(`There is no master key file ${file}`)
  const now = clock()
  const { entries, result } = change(found, now)
  await replaceKeyFile(file, withoutRetired(entries, now))
  return result
}

function rotated(
  entries: KeyEntries,
  { now, activateIn, overlap }: { now: Instant; activateIn: number; overlap: number },
): Change<Rotation> {
  if (entries.length >= MOST_KEYS)
    throw new OperatorError('There are too many master keys: retire some')
  const fresh = freshEntry(now, now + activateIn)
  const { activeFrom } = fresh
  const older = mapped(entries, (entry) => ({ retireAt: activeFrom + overlap, ...entry }))
  const [{ kid, retireAt = activeFrom + overlap }] = older
  const result = { kid: fresh.kid, activeFrom, before: { kid, retireAt } }
  return { entries: [fresh, ...older], result }
}

function refuseSecond(entries: KeyEntries, now: Instant): void {
  const coming = standings(entries, now).find(({ state }) => state === 'coming')
  if (coming === undefined) return
  const { kid, activeFrom } = coming.entry
  const from = new Date(activeFrom).toISOString()
  throw new OperatorError(`A new key, ${kid}, is there already and becomes current at ${from}`)
}

function isDue({ createdAt }: KeyEntry, rotateEvery: number, now: Instant): boolean {
  return rotateEvery > 0 && createdAt + rotateEvery <= now
}

/** When the key that came after it took over. */
function overtakenAt(entry: KeyEntry, entries: KeyEntries): Instant {
  const newer = entries[entries.indexOf(entry) - 1]
  return (newer ?? entry).activeFrom
}

/** The entries without this one. One of them is current, and the newest has no end. */
function withSuccessor(
  entries: KeyEntries,
  gone: KeyEntry,
  { state, now }: { state: KeyState; now: Instant },
): KeyEntries {
  const [newest, ...older] = entries.filter((entry) => entry !== gone)
  if (newest === undefined) return [freshEntry(now)]
  if (state === 'current') {
    // What is coming takes over at once; what was overtaken does not come back.
    if (newest.activeFrom > now) return [{ ...newest, activeFrom: now }, ...older]
    return [freshEntry(now), newest, ...older]
  }
  const { retireAt: _end, ...endless } = newest
  return [endless, ...older]
}

function withoutRetired(entries: KeyEntries, now: Instant): KeyEntries {
  const left = standings(entries, now).filter(({ state }) => state !== 'retired')
  const [first = entries[0], ...more] = left.map(({ entry }) => entry)
  return [first, ...more]
}

function mapped([newest, ...older]: KeyEntries, map: (entry: KeyEntry) => KeyEntry): KeyEntries {
  return [map(newest), ...older.map(map)]
}

function unknown(kid: string, entries: KeyEntries): OperatorError {
  const kids = entries.map((entry) => entry.kid).join(', ')
  return new OperatorError(`There is no master key ${kid}; there are: ${kids}`)
}

function inUse(kid: string): OperatorError {
  return new OperatorError(
    `${kid} is the current key: add another with "keys rotate" first. ` +
      'With --now it is removed at once, and all sessions with a key of it end',
  )
}
