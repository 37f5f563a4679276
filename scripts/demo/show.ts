import { stdout } from 'node:process'
import { styleText } from 'node:util'
import { systemStopwatch } from '../../src/core/clock.ts'

/** What people see: a timeline, and on a terminal a bar below it. */
export interface Show {
  readonly title: (text: string) => void
  /** Something happened in the world. */
  readonly event: (text: string) => void
  /** What client or server made of it. */
  readonly note: (text: string) => void
  /** Bytes so far, of how many. */
  readonly progress: (done: number, size: number) => void
}

const BAR = 40
/** No more pictures a second than this. */
const FRAME_MS = 50

/** Bytes in megabytes, for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}

/** A show on standard output. */
export function startShow(): Show {
  let startedAt = systemStopwatch()
  let drawnAt = 0
  let bar = ''

  function line(text: string): void {
    const clear = bar === '' ? '' : '\r\u001B[K'
    stdout.write(`${clear}${text}\n${bar}`)
  }

  function time(): string {
    return `${((systemStopwatch() - startedAt) / 1000).toFixed(1).padStart(6)} s`
  }

  return {
    title(text) {
      bar = ''
      line(`\n${styleText('bold', text)}`)
      startedAt = systemStopwatch()
    },
    event: (text) => line(`${time()}  ${styleText('yellow', text)}`),
    note: (text) => line(`${time()}    ${text}`),
    progress(done, size) {
      const now = systemStopwatch()
      if (!stdout.isTTY || (now - drawnAt < FRAME_MS && done < size)) return
      drawnAt = now
      const full = Math.round((done / size) * BAR)
      bar = done < size ? `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${megabytes(done)}` : ''
      stdout.write(`\r\u001B[K${bar}`)
    },
  }
}
