import type { UploadEvent } from 'hmac-file-server/client'
import { eventText } from './event-text.ts'
import { bytesText } from './quantities.ts'

/** So that a night without a network does not fill the page. */
const MOST_LINES = 300

/** A stretch of the file that was sent without a loss. */
interface Stretch {
  readonly words: Text
  readonly from: number
}

/** What happened to an upload, line by line. */
export interface Timeline {
  readonly note: (text: string) => void
  /** Parts of the file that follow each other are one line. */
  readonly tell: (event: UploadEvent) => void
}

/** Tells it in a list. */
export function timeline(list: HTMLOListElement): Timeline {
  const begunAt = performance.now()
  let stretch: Stretch | undefined

  function addLine(text: string): Text {
    const line = document.createElement('li')
    const words = document.createTextNode(text)
    line.append(`${((performance.now() - begunAt) / 1000).toFixed(1)} s: `, words)
    list.append(line)
    if (list.childElementCount > MOST_LINES) list.firstElementChild?.remove()
    return words
  }

  return {
    note: addLine,
    tell(event) {
      if (event.kind === 'sent' || (event.kind === 'stands' && stretch)) return
      if (event.kind !== 'sending') {
        stretch = undefined
        addLine(eventText(event))
        return
      }
      stretch ??= { words: addLine(''), from: event.offset }
      stretch.words.data = `Sends ${bytesText(stretch.from)} to ${bytesText(event.end)}`
    },
  }
}
