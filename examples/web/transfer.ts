import { UploadError, type UploadErrorCode, forget, upload } from 'hmac-file-server/client'
import { type KeptTransfer, forgetTransfer, isTransferKept } from './kept-transfers.ts'
import { requestSlot } from './site.ts'
import { turns } from './turns.ts'
import { addRow } from './upload-row.ts'

const WORDS: Readonly<Record<UploadErrorCode, string>> = {
  refused: 'The server does not take this file',
  'reauthentication-required': 'The server wants to know again who you are',
  'untrusted-server': 'The server cannot prove who it is; somebody may be listening',
  'source-changed': 'The file has changed, or cannot be read any more; choose it again',
  'bad-answer': 'The server gave an answer that makes no sense',
  'out-of-tries': 'It failed again and again; try later',
}

const queue = turns(3)

/** An upload as the page shows it. */
export interface ShownTransfer extends KeptTransfer {
  readonly list: HTMLElement
  /** Whether it is left from the last visit. */
  readonly isRestored: boolean
  /** Resolves when the browser keeps the file. */
  readonly kept: Promise<void>
  /** Called when it is not shown any more. */
  readonly onRemoved: () => void
}

/** Shows an upload and begins it. */
export function startTransfer(transfer: ShownTransfer): void {
  const { id, file, session, list, isRestored, kept, onRemoved } = transfer
  let attempt = new AbortController()
  let isActive = false
  let running = Promise.resolve()
  const row = addRow(list, file, { onToggle: toggle, onRemove: remove })

  async function run(signal: AbortSignal): Promise<void> {
    row.show({ kind: 'queued' })
    using _turn = await queue.take(signal)
    // Two tabs with one upload would take it from each other, again and again.
    await navigator.locks.request(`upload ${id}`, { signal }, async () => await send(signal))
  }

  async function send(signal: AbortSignal): Promise<void> {
    if (isRestored && !(await isTransferKept(id))) return remove() // Another tab was done with it.
    row.show({ kind: 'running' })
    const { url } = await upload(file, async () => await requestSlot(file), {
      id,
      session,
      signal,
      onProgress: row.progress,
      onEvent: row.tell,
    })
    await dropFile()
    row.show({ kind: 'done', url })
  }

  /** What was never kept need not be forgotten. */
  async function dropFile(): Promise<void> {
    await kept.then(async () => await forgetTransfer(id)).catch(() => {})
  }

  function start(): void {
    attempt = new AbortController()
    isActive = true
    const { signal } = attempt
    running = running
      .then(async () => await run(signal))
      .catch((error: unknown) => {
        isActive = false
        row.show(signal.aborted ? { kind: 'paused' } : { kind: 'failed', why: wordsFor(error) })
      })
  }

  function toggle(): void {
    if (isActive) attempt.abort()
    else start()
  }

  function remove(): void {
    attempt.abort()
    void dropFile()
    // While it runs, it cannot be forgotten.
    void running.then(async () => await forget(id))
    row.remove()
    onRemoved()
  }

  kept.then(
    () => row.note('The browser keeps the file: a reload does no harm'),
    () => row.note('The browser has no room for the file: do not leave the page'),
  )
  start()
}

function wordsFor(error: unknown): string {
  if (error instanceof UploadError) return WORDS[error.code]
  return error instanceof Error ? error.message : String(error)
}
