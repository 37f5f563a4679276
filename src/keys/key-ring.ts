import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../core/clock.ts'
import { OperatorError } from '../core/operator-error.ts'
import { fileMark } from '../core/watched-file.ts'
import type { KeyEvents } from './events.ts'
import type { KeyEntries } from './key-entry.ts'
import { readKeyFile, readOrMakeKeyFile } from './key-file.ts'
import { type MasterKeys, masterKeys } from './master-keys.ts'

/** How often the file is looked at, in milliseconds: of changes on network file systems no system tells. */
const LOOK_INTERVAL = 1_000

/** The master keys of a running server, which follow their file. Disposing ends that. */
export interface KeyRing extends MasterKeys, AsyncDisposable {
  /** As they stand in the file, the newest first. */
  readonly entries: KeyEntries
  /** Reads the file again; what is wrong with it is told as an event, and the keys stay. */
  reread(): Promise<void>
}

export interface KeyRingNeeds {
  readonly file: string
  readonly clock: Clock
  readonly events: KeyEvents
}

/**
 * Opens the file of the master keys, and goes on with those that it has later; one with a fresh key is made (mode
 * 0600, on stable storage) if there is none. Processes that do so at once get the same key. Throws an `OperatorError`
 * that says what to do about a file that others can read, that is damaged or that can't be read.
 */
export async function openKeyRing({ file, clock, events }: KeyRingNeeds): Promise<KeyRing> {
  // Before the file is read: what is written meanwhile is noticed.
  let mark = await fileMark(file)
  let entries = await readOrMakeKeyFile(file, clock)
  let keys = masterKeys(entries, clock)
  let reading = Promise.resolve()

  const read = async (): Promise<void> => {
    mark = await fileMark(file)
    try {
      const found = await entriesIn(file)
      if (isDeepStrictEqual(found, entries)) return
      const before = entries
      entries = found
      keys = masterKeys(entries, clock)
      tell(before, entries, { clock, events })
    } catch (error) {
      events.refused(error)
    }
  }
  const reread = async (): Promise<void> => {
    reading = reading.then(read)
    await reading
  }
  let seen = mark
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    const before = seen
    seen = await fileMark(file)
    // It is left alone for a moment, because some programs write files in place.
    if (seen !== mark && seen === before) await reread()
    isLooking = false
  }
  const timer = setInterval(() => void look(), LOOK_INTERVAL).unref()
  return {
    get entries() {
      return entries
    },
    get current() {
      return keys.current
    },
    get all() {
      return keys.all
    },
    find: (kid) => keys.find(kid),
    reread,
    async [Symbol.asyncDispose](): Promise<void> {
      clearInterval(timer)
      await reading
    },
  }
}

async function entriesIn(file: string): Promise<KeyEntries> {
  const found = await readKeyFile(file)
  if (found === undefined) throw new OperatorError(`The master key file ${file} is gone`)
  return found
}

function tell(
  before: KeyEntries,
  after: KeyEntries,
  { clock, events }: Pick<KeyRingNeeds, 'clock' | 'events'>,
): void {
  const [old, present] = [before, after].map((all) => new Set(all.map(({ kid }) => kid)))
  for (const { kid, activeFrom } of after) if (old?.has(kid) !== true) events.added(kid, activeFrom)
  for (const { kid, retireAt = Infinity } of before) {
    if (present?.has(kid) === true) continue
    events.removed(kid, retireAt <= clock() ? 'expired' : 'requested')
  }
}
