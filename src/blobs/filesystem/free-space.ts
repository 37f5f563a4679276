import { statfs } from 'node:fs'
import { promisify } from 'node:util'
import type { Stopwatch } from '../../core/clock.ts'

/** Milliseconds for which an answer is good enough. */
const FRESH = 1_000

interface Answer {
  readonly since: number
  bytes: number | Promise<number>
}

const statFileSystem = promisify(statfs)

/** Tells the bytes that an ordinary user can still write below `folder`, at most a second old. */
export function freeSpace(folder: string, stopwatch: Stopwatch): () => number | Promise<number> {
  let answer: Answer | undefined

  async function measure(asked: Answer): Promise<number> {
    try {
      const { bavail, bsize } = await statFileSystem(folder)
      asked.bytes = bavail * bsize
      return asked.bytes
    } catch (error) {
      if (answer === asked) answer = undefined
      throw error
    }
  }

  return () => {
    const now = stopwatch()
    if (answer !== undefined && now - answer.since < FRESH) return answer.bytes
    const asked: Answer = { since: now, bytes: 0 }
    answer = asked
    asked.bytes = measure(asked)
    return asked.bytes
  }
}
