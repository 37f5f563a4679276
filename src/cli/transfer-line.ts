import type { DownloadEvent } from '../client/download-options.ts'
import type { UploadEvent } from '../client/upload-event.ts'
import type { Progress } from '../client/upload-options.ts'
import { type Stopwatch, systemStopwatch } from '../core/clock.ts'
import { sizeText, timeText } from './amounts.ts'
import type { Io } from './io.ts'
import { rootOf } from './transfer-report.ts'

/** One line of a terminal that shows how far a transfer is; elsewhere nothing. To be disposed of at the end. */
export interface TransferLine extends Disposable {
  readonly onProgress: (progress: Progress) => void
  readonly onEvent: (event: TransferEvent) => void
}

type TransferEvent = UploadEvent | DownloadEvent

/** Milliseconds between two drawings, unless there is news. */
const REDRAW_EVERY = 100

const BAR = 24
const LONGEST_NAME = 32

/** Shows a transfer of the file that is called `name` on the terminal that stderr is. */
export function transferLine(
  name: string,
  { stderr, isWatched, env }: Pick<Io, 'stderr' | 'isWatched' | 'env'>,
  stopwatch: Stopwatch = systemStopwatch,
): TransferLine {
  if (isWatched !== true || env['TERM'] === 'dumb') {
    return { onProgress: () => {}, onEvent: () => {}, [Symbol.dispose]: () => {} }
  }
  const title = shortened(name.replaceAll(/\p{Cc}/gu, '?'))
  let progress: Progress | undefined
  const newsOf = newsTeller()
  let news = ''
  let due = -Infinity

  function draw(): void {
    due = stopwatch() + REDRAW_EVERY
    const line = [title, progress === undefined ? '' : stateText(progress), news]
    stderr.write(`\r${unwrapped(line.filter(Boolean).join('  '))}`)
  }

  return {
    onProgress(latest) {
      progress = latest
      if (stopwatch() >= due || latest.sent === latest.size) draw()
    },
    onEvent(event) {
      const heard = newsOf(event)
      if (heard === undefined || heard === news) return
      news = heard
      draw()
    },
    [Symbol.dispose]: () => void (due > -Infinity && stderr.write('\n')),
  }
}

/** A line that the terminal cuts at its edge, with nothing of an earlier one behind it (ECMA-48 EL, DEC private mode 7). */
function unwrapped(text: string): string {
  return `\u001b[?7l${text}\u001b[?7h\u001b[K`
}

function shortened(name: string): string {
  const letters = Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment)
  if (letters.length <= LONGEST_NAME) return name
  return `${letters.slice(0, LONGEST_NAME - 9).join('')}…${letters.slice(-8).join('')}`
}

function stateText({ sent, size, rate, eta }: Progress): string {
  const share = size === 0 ? 1 : sent / size
  const full = Math.floor(share * BAR)
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)}`
  const percent = `${Math.floor(share * 100)} %`.padStart(5)
  const pace = rate === undefined ? '' : `${sizeText(rate)}/s`
  const left = eta === undefined || sent === size ? '' : `${timeText(eta)} left`
  return [bar, percent, pace, left].filter(Boolean).join('  ')
}

/** After these, a transfer does not stand where it stood. */
const INTERRUPTIONS: readonly string[] = ['lost', 'restored', 'reauthenticating']

/** Tells what to say of each event; nothing where what was said before still holds. */
function newsTeller(): (event: TransferEvent) => string | undefined {
  let isInterrupted = false
  return (event) => {
    if (INTERRUPTIONS.includes(event.kind)) isInterrupted = true
    if (event.kind === 'lost') return `connection lost: ${rootOf(event.reason)}`
    if (event.kind === 'waiting') return `trying again in ${timeText(event.wait / 1000)}`
    if (event.kind === 'reauthenticating') return 'asking for a new slot'
    const offset = offsetIn(event)
    const isContinued = isInterrupted || (event.kind === 'receiving' && event.offset > 0)
    if (!isContinued || offset === undefined) return undefined
    isInterrupted = false
    return `went on at ${sizeText(offset)}`
  }
}

function offsetIn(event: TransferEvent): number | undefined {
  const { kind } = event
  return kind === 'stands' || kind === 'adopted' || kind === 'receiving' ? event.offset : undefined
}
