import type { Progress } from '../client/upload-options.ts'
import { type Stopwatch, systemStopwatch } from '../core/clock.ts'
import { sizeText, timeText } from './amounts.ts'
import type { Io } from './io.ts'
import { printable } from './printable-text.ts'
import { type News, type TransferTeller, newsTeller } from './transfer-news.ts'

/** Milliseconds between two drawings, unless there is news. */
const REDRAW_EVERY = 100

const BAR = 24
const LONGEST_NAME = 32

/** Shows a transfer of the file that is called `name` in one line of the terminal that stderr is. */
export function transferLine(
  name: string,
  { stderr }: Pick<Io, 'stderr'>,
  stopwatch: Stopwatch = systemStopwatch,
): TransferTeller {
  const title = shortened(printable(name))
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
      if (heard === undefined || newsText(heard) === news) return
      news = newsText(heard)
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

function newsText(news: News): string {
  switch (news.code) {
    case 'lost':
      return news.reason
    case 'waiting':
      return `trying again in ${timeText(news.wait / 1000)}`
    case 'continued':
      return `went on at ${sizeText(news.offset)}`
    case 'new-slot':
      return 'asking for a new slot'
  }
}
