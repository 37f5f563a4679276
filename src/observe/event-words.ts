import type { EngineEvents } from '../engine/events.ts'
import type { HttpEvents } from '../http/events.ts'

/** What the rooms' events speak of, named here so that nothing else of the rooms is needed. */
export type Exchange = Parameters<HttpEvents['finished']>[0]
export type SlotRecord = Parameters<EngineEvents['published']>[0]
export type UploadRecord = Parameters<EngineEvents['published']>[1]
