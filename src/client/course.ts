import { answered } from './answered.ts'
import type { AppendSizes } from './append-sizes.ts'
import type { Discovery, Spoken } from './faces/discovery.ts'
import type { Network, SavedState } from './platform.ts'
import type { Memory } from './saved-upload.ts'
import type { SessionKeeper } from './session/session-keeper.ts'
import { type AskSlot, type Slot, type SlotSource, isOneOrigin } from './slot.ts'
import type { Source } from './source.ts'
import type { TimeAndChance } from './time-and-chance.ts'
import type { Transport } from './transport.ts'
import type { UploadEvent } from './upload-event.ts'

/** What an upload is made with. */
export interface Task {
  readonly source: Source
  readonly slot: SlotSource
  readonly signal: AbortSignal
  readonly tell: (event: UploadEvent) => void
  readonly reauthenticate: AskSlot | undefined
  /** Opens a session, or goes on with what was saved of one. */
  readonly open: (saved?: SavedState) => SessionKeeper
  /** Nothing: nothing is remembered. */
  readonly memory: Memory | undefined
  readonly transport: Transport
  readonly discover: Discovery
  readonly network: Network
  readonly time: TimeAndChance
}

/** Where an upload is; what is done about it changes this. */
export interface Course {
  slot: Slot
  /** Nothing before the server was asked. */
  spoken?: Spoken | undefined
  /** The upload's own URL; nothing before the creation. */
  resource?: string | undefined
  /** Where the server stands; nothing after a loss, before it was asked. */
  offset?: number | undefined
  /** The upload resource that the next creation takes over. */
  adopts?: string | undefined
  session: SessionKeeper
  sizes?: AppendSizes
  /** How far the server ever stood. */
  furthest: number
  /** Whether any step was answered. */
  isHeard?: boolean
  /** Whether the last byte was handed over in an earlier request: whatever was answered, the file may be there. */
  isPerhapsThere?: boolean
  /** In a row, without a byte more; what ended an earlier run of the program counts as one. */
  failures: number
  /** Creations in a row whose upload was gone, and new slots that were not enough, without a byte more. */
  vain: number
}

/**
 * Where an upload begins: at its slot, or where an earlier run left it. Given another slot than that run had, it
 * takes over in the new one what the server has.
 */
export async function departure({ slot, memory, open, signal }: Task): Promise<Course> {
  const saved = await memory?.recall()
  if (!saved) {
    const first = typeof slot === 'function' ? await answered(slot(signal), signal) : slot
    return courseFrom(first, open())
  }
  const { session, resource, spoken } = saved
  if (typeof slot === 'function' || slot.put === saved.slot.put) {
    const isPerhapsThere = resource !== undefined
    return {
      ...courseFrom(saved.slot, open(session)),
      isPerhapsThere,
      failures: 1,
      spoken,
      resource,
    }
  }
  // No other server knows the session.
  const adopts = session && resource && isOneOrigin(resource, slot.put) ? resource : undefined
  return { ...courseFrom(slot, open(adopts === undefined ? undefined : session)), adopts }
}

function courseFrom(slot: Slot, session: SessionKeeper): Course {
  return { slot, session, furthest: 0, failures: 0, vain: 0 }
}

/** An earlier run of the program, or a request whose answer was lost, may have used the slot up; or it has expired. */
export function isPerhapsSpent({ resource, failures }: Course): boolean {
  return resource === undefined && failures > 0
}

/** Saves what the upload can go on with when the program starts again. */
export async function keep(
  { slot, spoken, resource, session }: Course,
  { memory }: Task,
): Promise<void> {
  if (!spoken || spoken.face === 'plain') return
  await memory?.keep({ slot, spoken, resource, session: await session.saved() })
}
