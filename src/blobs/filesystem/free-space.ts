import { statfs } from 'node:fs'
import { promisify } from 'node:util'
import type { Stopwatch } from '../../core/clock.ts'

/** Milliseconds for which an answer is good enough. */
const FRESH = 1_000

const statFileSystem = promisify(statfs)

/** Tells the bytes that an ordinary user can still write below `folder`, at most a second old. */
export function freeSpace(folder: string, stopwatch: Stopwatch): () => Promise<number> {
  let answer: { readonly since: number; readonly bytes: Promise<number> } | undefined

  async function measure(): Promise<number> {
    try {
      const { bavail, bsize } = await statFileSystem(folder)
      return bavail * bsize
    } catch (error) {
      answer = undefined
      throw error
    }
  }

  return async () => {
    const now = stopwatch()
    if (answer === undefined || now - answer.since >= FRESH)
      answer = { since: now, bytes: measure() }
    return await answer.bytes
  }
}
