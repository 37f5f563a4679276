import type { Stopwatch } from '../../core/clock.ts'
import type { BlobStore, SlotStore } from '../../engine/ports.ts'
import type { Answer } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'

/** How long a part may take to answer, in milliseconds. */
const PATIENCE = 2_000

export interface ReadinessNeeds {
  readonly slots: Pick<SlotStore, 'ping'>
  readonly blobs: Pick<BlobStore, 'free'>
  readonly version: string
  readonly stopwatch: Stopwatch
}

/** Says whether the server lives, and whether it can serve. */
export interface Readiness {
  live(): Answer
  /** 200 as long as files can be read: `degraded` while only the state is lost; 503 when files are lost too. */
  ready(): Promise<Answer>
}

/** Makes the answers of `/-/health/*`, for every listener that has them; the uptime counts from this call. */
export function createReadiness({ slots, blobs, version, stopwatch }: ReadinessNeeds): Readiness {
  const startedAt = stopwatch()
  const state = shared(() => slots.ping())
  const files = shared(async () => await blobs.free())

  function answer(status: number, facts: { status: string; failed?: readonly string[] }): Answer {
    const uptimeSeconds = Math.floor((stopwatch() - startedAt) / 1000)
    const body = `${JSON.stringify({ ...facts, version, uptimeSeconds })}\n`
    const headers = {
      [HEADER.contentType]: 'application/json',
      [HEADER.contentLength]: Buffer.byteLength(body),
      [HEADER.cacheControl]: 'no-store',
    }
    return { status, headers, body }
  }

  return {
    live: () => answer(200, { status: 'ok' }),
    async ready() {
      const [stateAnswers, filesAnswer] = await Promise.all([inTime(state), inTime(files)])
      const failed = [...(stateAnswers ? [] : ['state']), ...(filesAnswer ? [] : ['files'])]
      if (!filesAnswer) return answer(503, { status: 'unavailable', failed })
      return failed.length > 0
        ? answer(200, { status: 'degraded', failed })
        : answer(200, { status: 'ok' })
    },
  }
}

/** One question at a time: a part that hangs must not collect a new question with every probe. */
function shared(ask: () => Promise<unknown>): () => Promise<boolean> {
  let asked: Promise<boolean> | undefined
  const settle = (works: boolean): boolean => {
    asked = undefined
    return works
  }
  return () => {
    asked ??= ask().then(
      () => settle(true),
      () => settle(false),
    )
    return asked
  }
}

async function inTime(ask: () => Promise<boolean>): Promise<boolean> {
  const { promise: silence, resolve } = Promise.withResolvers<boolean>()
  AbortSignal.timeout(PATIENCE).addEventListener('abort', () => resolve(false), { once: true })
  return await Promise.race([ask(), silence])
}
