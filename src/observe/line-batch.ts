import { atTurnEnd } from './turn-end.ts'

/** Characters kept at most: a turn that logs more than this writes more than once. */
const MOST = 64 * 1024

/** Lines on their way to one destination, in order. */
export interface LineBatch {
  /** Takes a line, its newline included; it is written when this turn of the event loop is over. */
  readonly add: (line: string) => void
  /** Writes at once what was taken so far. */
  readonly flush: () => void
}

/** Makes a batch: one call of `write` costs as much as building dozens of lines. */
export function lineBatch(write: (lines: string) => void): LineBatch {
  let waiting = ''
  const flush = (): void => {
    if (waiting === '') return
    const lines = waiting
    waiting = ''
    write(lines)
  }
  return {
    add(line) {
      if (waiting === '') atTurnEnd(flush)
      waiting += line
      if (waiting.length >= MOST) flush()
    },
    flush,
  }
}
