import type { Task } from './course.ts'
import { discovery } from './faces/discovery.ts'
import { lateMemory } from './late-memory.ts'
import type { Platform, SavedState } from './platform.ts'
import { progressMeter } from './progress-meter.ts'
import type { Memory } from './saved-upload.ts'
import { proverOf } from './session/late-prover.ts'
import { type SessionKeeper, openSession } from './session/session-keeper.ts'
import type { SlotSource } from './slot.ts'
import type { Source } from './source.ts'
import { type TimeAndChance, systemTimeAndChance } from './time-and-chance.ts'
import type { UploadEvent } from './upload-event.ts'
import type { UploadOptions, Uploaded } from './upload-options.ts'
import { run } from './upload-run.ts'
import { watched } from './watchdog.ts'

/**
 * Uploads a file to a slot, for as long as it takes: over losses, other networks and restarts of the server it goes
 * on at the byte, with servers that can do that. A slot that is a function is called only when there is nothing
 * remembered to go on with. Resolves when the file is published; rejects with `UploadError`, or with the signal's
 * reason.
 */
export type Upload = (
  source: Blob | Source,
  slot: SlotSource,
  options?: UploadOptions,
) => Promise<Uploaded>

/** Milliseconds that a store has to save an upload that is ended. */
const GRACE = 1000

/** How a platform uploads; what servers speak is asked once for all uploads. */
export function uploading(platform: Platform, time: TimeAndChance = systemTimeAndChance): Upload {
  const discover = discovery()
  return async (source, slot, options = {}) => {
    const ended = new AbortController()
    const { signal = ended.signal, network = platform.network, stall = 3000 } = options
    signal.throwIfAborted()
    if (!(source.size >= 0)) throw new TypeError('source: neither a Blob nor a Source')
    const tell = teller(source, options, time)
    const transport = watched(options.transport ?? platform.transport, { stall, time, network })
    network.onChange(() => tell({ kind: 'network' }), ended.signal)
    const { session: kind = 'hmac', onReauthenticate: reauthenticate } = options
    const task = { source, slot, signal, tell, reauthenticate, transport, discover, network, time }
    const late = new AbortController()
    const end = (): void =>
      ended.signal.addEventListener(
        'abort',
        time.after(GRACE, () => late.abort(signal.reason)),
      )
    signal.addEventListener('abort', end, { signal: ended.signal })
    let memory: Memory | undefined
    try {
      const prover = await proverOf(kind, task)
      memory = await lateMemory(platform, { ...options, source, late: late.signal }, task)
      const { keepsKeys = true } = memory ?? {}
      const open = (saved?: SavedState): SessionKeeper =>
        openSession(kind, { transport, keepsKeys, onEvent: tell, saved, prover })
      return await run({ ...task, memory, open })
    } finally {
      // Whatever the store does, the outcome stands.
      await memory?.close().catch(() => {})
      ended.abort()
    }
  }
}

function teller(
  { size }: Blob | Source,
  { onEvent, onProgress }: UploadOptions,
  time: TimeAndChance,
): Task['tell'] {
  const measure = onProgress && progressMeter(size, onProgress, time)
  return (event: UploadEvent) => {
    onEvent?.(event)
    measure?.(event)
  }
}
