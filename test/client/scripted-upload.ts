import assert from 'node:assert/strict'
import type { Slot, SlotSource } from '../../src/client/slot.ts'
import type { Source } from '../../src/client/source.ts'
import type { UploadErrorCode } from '../../src/client/upload-error.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { UploadOptions, Uploaded } from '../../src/client/upload-options.ts'
import { uploading } from '../../src/client/upload.ts'
import { hurriedTime } from './manual-time.ts'
import { type ScriptedLine, type ScriptedTransport, scripted } from './scripted-transport.ts'
import { toldNetwork } from './told-network.ts'

export const SLOT: Slot = {
  put: 'https://files.example/up/a1/film.mp4',
  get: 'https://files.example/f',
}
export const OTHER: Slot = {
  put: 'https://files.example/up/b2/film.mp4',
  get: 'https://files.example/g',
}

export const ELSEWHERE: Slot = {
  put: 'https://other.example/up/c3/f',
  get: 'https://other.example/f',
}

/** Too long for one request. */
export const FILE = new Blob([new Uint8Array(300_000)], { type: 'video/mp4' })
export const SMALL = new Blob(['film'])

export const RUFH: ScriptedLine = { status: 200, headers: { 'x-resume': 'rufh, tus' } }
export const TUS: ScriptedLine = { status: 204, headers: { 'tus-resumable': '1.0.0' } }
export const DONE: ScriptedLine = { status: 201, headers: { 'upload-complete': '?1' } }

export const LEVEL3: ScriptedLine = { status: 401, headers: { 'x-security-level': '3' } }

/** Told with a creation. */
export const BOUND = { 'x-session-id': 'one', 'x-session-key': 'k'.repeat(43) }

export function created(name: string, more: Record<string, string> = {}): ScriptedLine {
  return { status: 201, headers: { location: `/-/uploads/${name}`, ...more } }
}

export function stands(offset: number): ScriptedLine {
  return { status: 204, headers: { 'upload-offset': String(offset) } }
}

/** An upload against a script. */
export interface Attempt extends Pick<ScriptedTransport, 'asked'> {
  readonly uploaded: Promise<Uploaded>
  readonly events: UploadEvent[]
  readonly waits: number[]
}

export interface Attempted extends UploadOptions {
  readonly file?: Blob | Source
  readonly slot?: SlotSource
}

/** Uploads against a script, without sessions unless they are asked for; no time passes. */
export function attempt(
  lines: readonly ScriptedLine[],
  { file = FILE, slot = SLOT, ...options }: Attempted = {},
): Attempt {
  const { transport, asked } = scripted(lines)
  const time = hurriedTime()
  const events: UploadEvent[] = []
  const upload = uploading({ transport, network: toldNetwork() }, time)
  const onEvent = (event: UploadEvent): void => void events.push(event)
  const uploaded = upload(file, slot, { session: 'none', onEvent, ...options })
  uploaded.catch(() => {})
  return { uploaded, asked, events, waits: time.waits }
}

export async function assertFails(
  { uploaded }: Attempt,
  expected: { code: UploadErrorCode; status?: number; problem?: string },
): Promise<void> {
  await assert.rejects(uploaded, { name: 'UploadError', ...expected })
}

export function kindsOf({ events }: Attempt): string[] {
  return events.map(({ kind }) => kind).filter((kind) => kind !== 'sent')
}
