import type { Io } from './io.ts'
import { transferLine } from './transfer-line.ts'
import type { TransferTeller } from './transfer-news.ts'
import { transferNotes } from './transfer-notes.ts'

/** What the command line says of it. */
export interface Telling {
  readonly json?: boolean
  readonly quiet?: boolean
}

/** A line that moves where a person watches, lines that stay elsewhere, nothing if that is wished. */
export function transferTeller(name: string, io: Io, { json, quiet }: Telling): TransferTeller {
  if (quiet === true) return { onProgress() {}, onEvent() {}, [Symbol.dispose]() {} }
  const canDraw = io.isWatched === true && io.env['TERM'] !== 'dumb'
  return canDraw
    ? transferLine(name, io)
    : transferNotes(name, { stderr: io.stderr, json: json === true })
}
