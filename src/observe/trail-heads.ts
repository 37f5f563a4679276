import { type Head, type OnUnread, readHeadOf, readHeads } from './audit-head.ts'

/** The heads of a trail's chains. */
export interface TrailHeads {
  /** By chain, as they were before the lines were read. */
  readonly read: ReadonlyMap<string, Head>
  /** Whether a chain has a head: one that was made meanwhile, or that cannot be read, is one. */
  has(chain: string): boolean
}

/**
 * Reads the heads of an audit file's chains. Of one that cannot be read is told once. Throws the error of the system if
 * their folder cannot be read.
 */
export function trailHeads(file: string, onUnread: OnUnread): TrailHeads {
  const unread = new Set<string>()
  const lose: OnUnread = (head, error) => {
    unread.add(head.chain)
    onUnread(head, error)
  }
  const read = new Map(readHeads(file, lose).map((head) => [head.chain, head]))
  return {
    read,
    has(chain) {
      if (read.has(chain) || unread.has(chain)) return true
      return readHeadOf(file, chain, lose) !== undefined || unread.has(chain)
    },
  }
}
