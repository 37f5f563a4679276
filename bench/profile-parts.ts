import type { Frame } from './cpu-profile.ts'

/** What one part of the server took of the time at work. */
export interface ProfilePart {
  /** A room of the server, or what is none of its code. */
  readonly part: string
  /** Of all time at work, from 0 to 1. */
  readonly share: number
}

/** Everything that no function of the server asked for. */
const NODE = 'Node.js'

/** The project itself may lie in a folder `src`, so the last one counts. */
const ROOM = /^.*\/src\/([\w-]+)\//u

/**
 * Sums up a profile by rooms, the longest first. What Node.js, V8 and the kernel do within a call counts for the room that
 * called; what they do by themselves stands under their own names.
 */
export function partsOf(root: Frame): readonly ProfilePart[] {
  const sums = new Map<string, number>()
  add(root, NODE, sums)
  return [...sums]
    .map(([part, microseconds]) => ({ part, share: microseconds / root.total }))
    .toSorted((one, other) => other.share - one.share)
}

function add(frame: Frame, caller: string, sums: Map<string, number>): void {
  const part = ownPart(frame) ?? caller
  const called = frame.calls.reduce((sum, { total }) => sum + total, 0)
  sums.set(part, (sums.get(part) ?? 0) + frame.total - called)
  for (const call of frame.calls) add(call, part, sums)
}

/** Nothing for what works for its caller. */
function ownPart({ name, url }: Frame): string | undefined {
  if (name === '(garbage collector)') return 'garbage collection'
  if (name === '(program)') return 'outside of JavaScript'
  return url.includes('/node_modules/') ? undefined : ROOM.exec(url)?.[1]
}
