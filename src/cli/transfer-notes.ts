import type { Progress } from '../client/upload-options.ts'
import { type Stopwatch, systemStopwatch } from '../core/clock.ts'
import { sizeText, timeText } from './amounts.ts'
import type { Io } from './io.ts'
import { jsonText } from './json-text.ts'
import { printable } from './printable-text.ts'
import { type Loss, type News, type TransferTeller, newsTeller } from './transfer-news.ts'

/** Milliseconds from the first note of an interruption to the next; each time it is twice as long, at most {@link LONGEST}. */
const FIRST = 10_000
const LONGEST = 300_000

/** Whoever brings these tells how far a transfer stands when it goes on. */
const TELLING_WHERE: readonly string[] = ['restored', 'created', 'receiving']

/** How a note is written, and to where. */
export interface NotePlace {
  readonly stderr: Io['stderr']
  /** One JSON object a line, for programs. */
  readonly json: boolean
}

interface Interruption {
  readonly since: number
  /** The latest of it. */
  loss: Loss
  /** When the next note is due. */
  due: number
  pause: number
}

/**
 * Tells in lines, for a log or a pipe: what interrupts a transfer of the file that is called `name`, how it stands
 * while that lasts, and that it goes on. A transfer to which nothing happens has none.
 */
export function transferNotes(
  name: string,
  { stderr, json }: NotePlace,
  stopwatch: Stopwatch = systemStopwatch,
): TransferTeller {
  const title = printable(name)
  const newsOf = newsTeller()
  let progress: Progress | undefined
  let interruption: Interruption | undefined
  let furthest = 0
  let isWhole = true

  function tell(code: News['code'], text: string, facts: object = {}): void {
    const { stored: offset, size } = progress ?? {}
    const note = { code, offset, size, ...facts, message: text }
    stderr.write(json ? `${jsonText(note)}\n` : `${title}: ${text}\n`)
  }

  function lost(loss: Loss): void {
    if (interruption !== undefined) {
      interruption.loss = loss
      return
    }
    const now = stopwatch()
    interruption = { since: now, loss, due: now + FIRST, pause: FIRST }
    tell('lost', `interrupted${circumstances(loss, progress)}; trying again`, answerIn(loss))
  }

  function waiting(wait: number): void {
    const now = stopwatch()
    // What is not told now could not be told before the wait is over.
    if (interruption === undefined || now + wait < interruption.due) return
    const { since, loss, pause } = interruption
    const lasted = now - since < 1000 ? '' : ` for ${timeText((now - since) / 1000)}`
    const next = `next try in ${timeText(wait / 1000)}`
    const text = `interrupted${lasted}${circumstances(loss, progress)}; ${next}`
    tell('waiting', text, { ...answerIn(loss), wait: Math.ceil(wait / 1000) })
    interruption.pause = Math.min(pause * 2, LONGEST)
    interruption.due = now + interruption.pause
  }

  function continued(offset: number): void {
    const lasted = interruption && `, after ${timeText((stopwatch() - interruption.since) / 1000)}`
    const whole = progress === undefined ? '' : ` of ${sizeText(progress.size)}`
    tell('continued', `went on at ${sizeText(offset)}${whole}${lasted ?? ''}`, { offset })
    interruption = undefined
  }

  return {
    onProgress(latest) {
      progress = latest
      // A server that takes a file only as a whole says nothing before its end.
      if (isWhole && interruption !== undefined && latest.sent > furthest) continued(latest.sent)
      furthest = Math.max(furthest, latest.sent)
    },
    onEvent(event) {
      if (TELLING_WHERE.includes(event.kind)) isWhole = false
      if (event.kind === 'face') isWhole = event.face === 'plain'
      const news = newsOf(event)
      if (news?.code === 'lost') lost(news)
      if (news?.code === 'waiting') waiting(news.wait)
      if (news?.code === 'continued') continued(news.offset)
      if (news?.code === 'new-slot') tell('new-slot', 'asking for a new slot')
    },
    [Symbol.dispose]: () => {},
  }
}

function circumstances({ reason }: Loss, progress: Progress | undefined): string {
  if (progress === undefined) return ` (${reason})`
  return ` at ${sizeText(progress.stored)} of ${sizeText(progress.size)} (${reason})`
}

function answerIn({ status, problem }: Loss): Pick<Loss, 'status' | 'problem'> {
  return { status, problem }
}
