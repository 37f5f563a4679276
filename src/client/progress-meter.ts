import type { TimeAndChance } from './time-and-chance.ts'
import type { UploadEvent } from './upload-event.ts'
import type { Progress } from './upload-options.ts'

/** Milliseconds over which the rate is measured. */
const WINDOW = 5_000

/** Makes progress of events: the returned function is told of each. */
export function progressMeter(
  size: number,
  onProgress: (progress: Progress) => void,
  { now }: Pick<TimeAndChance, 'now'>,
): (event: UploadEvent) => void {
  const marks: { readonly at: number; readonly sent: number }[] = []
  let sent = 0
  let stored = 0

  function rate(): Partial<Progress> {
    const at = now()
    marks.push({ at, sent })
    // Fast transfers have thousands of them.
    while (marks[0] && marks[0].at <= at - WINDOW) marks.shift()
    const [first] = marks
    if (!first || first.at === at || first.sent === sent) return {}
    const perSecond = ((sent - first.sent) * 1000) / (at - first.at)
    return { rate: perSecond, eta: (size - sent) / perSecond }
  }

  function moveTo(offset: number): void {
    // Bytes that are sent again are no sign of speed.
    if (offset < sent) marks.length = 0
    sent = offset
    onProgress({ sent, stored, size, ...rate() })
  }

  return (event) => {
    if (event.kind === 'sent') moveTo(event.offset)
    if (event.kind === 'published') moveTo((stored = size))
    if (event.kind === 'stands' || event.kind === 'adopted') moveTo((stored = event.offset))
  }
}
