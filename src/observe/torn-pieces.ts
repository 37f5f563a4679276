import type { Place } from './placed-line.ts'

/** How every line begins. */
export const LINE_BEGIN = '{"time":"'

/** How every line goes on, up to what it tells of. */
export const OPENING = /^\{"time":"(?<time>[^"]+)","event":"(?<event>[\w-]+)"/u

/** Longer than the opening of any line. */
const LONGEST_OPENING = 80

/** The beginning of a line whose rest was never written, and where it stands. */
interface TornPiece extends Place {
  readonly text: string
}

/** Beginnings of lines that were found in a trail. */
export interface TornPieces {
  readonly count: number
  add(text: string, place: Place): void
  /**
   * Those that no crash and no full disk has left. What is cut off there is over: one piece stands behind the last line
   * of a chain that nobody closed. Of a chain that has no line yet it is of its first one, which tells nothing.
   */
  unexplained(ends: readonly Place[]): readonly Place[]
}

/** Makes an empty collection. */
export function tornPieces(): TornPieces {
  const pieces: TornPiece[] = []
  return {
    get count() {
      return pieces.length
    },
    add: (text, place) => void pieces.push({ text, ...place }),
    unexplained(ends) {
      const left = [...ends]
      return pieces.filter((piece) => {
        if (tellsNothing(piece)) return false
        const at = left.findIndex(({ file, line }) => file === piece.file && line < piece.line)
        if (at < 0 || !isBeginning(piece)) return true
        left.splice(at, 1)
        return false
      })
    },
  }
}

function tellsNothing({ text }: TornPiece): boolean {
  const event = OPENING.exec(text)?.groups?.['event']
  if (event !== undefined) return event === 'chain-began'
  return isBeginning({ text }) && text.length < LONGEST_OPENING
}

function isBeginning({ text }: Pick<TornPiece, 'text'>): boolean {
  return text.startsWith(LINE_BEGIN) || LINE_BEGIN.startsWith(text)
}
