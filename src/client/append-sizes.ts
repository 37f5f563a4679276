const SMALLEST = 64 * 1024

/** Bytes of the first append; a file of no more goes in one request. */
export const FIRST_APPEND = 256 * 1024

/** Most bytes of an append, whatever a server takes: who cannot stream holds all of them. */
const LARGEST = 64 * 2 ** 20

/** Chooses appends that take about a second: a loss costs no more than that. */
export interface AppendSizes {
  readonly next: () => number
  /** An append of so many bytes was answered after so many milliseconds. */
  readonly took: (bytes: number, milliseconds: number) => void
  readonly lost: () => void
}

/** Sizes up to `most` bytes. */
export function appendSizes(most: number): AppendSizes {
  const chunk = Math.min(most, LARGEST)
  let size = FIRST_APPEND
  return {
    next: () => Math.min(Math.round(size), chunk),
    took(bytes, milliseconds) {
      const perSecond = (bytes * 1000) / Math.max(milliseconds, 1)
      size = Math.min(Math.max((size + perSecond) / 2, SMALLEST), chunk)
    },
    lost() {
      size = Math.max(size / 2, SMALLEST)
    },
  }
}
