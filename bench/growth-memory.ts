import { memoryUsage } from 'node:process'
import { anomalyDetector } from '../src/risk/anomaly/detector.ts'
import { memoryCounters } from '../src/stores/memory/counters.ts'
import { memorySessionStore } from '../src/stores/memory/session-store.ts'
import { sessionLike, type SessionKind, type Templates } from './growth-records.ts'
import type { Point } from './line-fit.ts'
import { heapUsed } from './sessions.ts'

const HOUR = 3_600_000

/** Makes so many of something; what it returns is held while it is measured. */
type Making = (count: number) => Promise<unknown>

/** Bytes of the heap, buffers included and garbage left out, with more and more of something. */
async function heapGrowth(counts: readonly number[], make: Making): Promise<readonly Point[]> {
  const points: Point[] = []
  for (const objects of counts) {
    const before = heapUsed() + memoryUsage().arrayBuffers
    const held = await make(objects)
    points.push({ objects, value: heapUsed() + memoryUsage().arrayBuffers - before })
    if (held === undefined) throw new TypeError('Nothing was made.')
  }
  return points
}

/** What the count of a user's new uploads takes (`limits.uploads_per_user`). */
export async function countedUsers(counts: readonly number[]): Promise<readonly Point[]> {
  return await heapGrowth(counts, async (count) => {
    const counters = memoryCounters({ names: count })
    for (let at = 0; at < count; at += 1) await counters.add(`user ${at}`, HOUR)
    return counters
  })
}

/** What a user takes of whom one request is known (`[anomaly]`). */
export async function learntUsers(counts: readonly number[]): Promise<readonly Point[]> {
  const policy = { enabled: true, halfLife: 24 * HOUR, warmUp: 20, retention: 0 }
  return await heapGrowth(counts, async (count) => {
    const detector = anomalyDetector({ policy: () => policy, maxOwners: count, seed: 1 })
    for (let at = 0; at < count; at += 1) {
      detector.learn({ at, owner: `user:${at}@montague.example`, network: '192.0.2.0/24' })
    }
    return detector
  })
}

/** What a session takes with the `memory` backend. */
export async function sessionsInMemory(
  templates: Templates,
  kind: SessionKind,
  counts: readonly number[],
): Promise<readonly Point[]> {
  const text = JSON.stringify(templates.sessions[kind])
  return await heapGrowth(counts, async (count) => {
    const store = memorySessionStore()
    for (let at = 0; at < count; at += 1) {
      // Parsed anew, so that no two share their parts.
      const template: typeof templates.sessions.unbound = JSON.parse(text)
      await store.save([sessionLike(template, at)])
    }
    return store
  })
}
