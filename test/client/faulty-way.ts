import assert from 'node:assert/strict'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import type { Source } from '../../src/client/source.ts'
import type { Transport } from '../../src/client/transport.ts'
import type { Face, UploadEvent } from '../../src/client/upload-event.ts'
import { uploadingAll } from '../../src/client/upload-list.ts'
import type { Uploaded } from '../../src/client/upload-options.ts'
import { uploading } from '../../src/client/upload.ts'
import type { Cut, CutKind } from '../app/cutting-proxy.ts'
import { proxiedSite } from '../app/proxied-site.ts'
import { signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'
import type { SeededRandom } from '../interop/seeded-random.ts'
import { memoryStore } from './memory-store.ts'
import { toldNetwork } from './told-network.ts'

/** How many uploads there are, how many of them at a time, and how long they are, in bytes. */
export interface Amounts {
  readonly uploads: number
  readonly atATime: number
  readonly largest: number
  readonly random: SeededRandom
}

/** A PUT must come through whole at last: it is so much shorter. */
const PLAIN_SHARE = 10

const KINDS: readonly CutKind[] = ['reset', 'hole', 'lost-answer', 'silence']
const FACES: readonly Face[] = ['rufh', 'rufh', 'rufh', 'tus', 'plain']
const SESSIONS = ['none', 'hmac', 'dpop'] as const

function oneOf<Choice>(random: SeededRandom, choices: readonly Choice[]): Choice {
  const choice = choices[random.integer(0, choices.length - 1)]
  assert.ok(choice !== undefined)
  return choice
}

/** For more bytes than all uploads have; those left over hit nobody. */
function randomCuts({ uploads, largest, random }: Amounts): Cut[] {
  const cuts: Cut[] = []
  for (let at = 0; at < 2 * uploads * largest;) {
    at += random.integer(largest / 20, largest)
    cuts.push({ at, kind: oneOf(random, KINDS) })
  }
  return cuts
}

interface Job extends Source {
  readonly id: string
  readonly face: Face
  readonly content: Buffer<ArrayBuffer>
  readonly session: 'none' | 'hmac' | 'dpop'
  /** How often it is paused, and goes on by what was remembered of it. */
  readonly pauses: number
}

function randomJob({ largest, random }: Amounts, index: number): Job {
  const face = oneOf(random, FACES)
  const size = random.integer(0, face === 'plain' ? largest / PLAIN_SHARE : largest)
  const content = Buffer.from(random.bytes(size))
  return {
    id: `faults/${index}.bin`,
    face,
    content,
    size,
    session: oneOf(random, SESSIONS),
    pauses: random.integer(0, 2),
    slice: (start, end) => new Blob([content.subarray(start, end)]),
  }
}

/** As a server answers that speaks only this. */
function speaking(face: Face): Transport {
  const transport = httpTransport()
  return async (request) => {
    const answer = await transport(request)
    if (request.method !== 'OPTIONS' || face === 'rufh') return answer
    return { ...answer, headers: new Headers(face === 'tus' ? { 'tus-resumable': '1.0.0' } : {}) }
  }
}

const network = toldNetwork()
const store = memoryStore()
const uploaders = {
  rufh: uploading({ transport: speaking('rufh'), network, store: async () => store }),
  tus: uploading({ transport: speaking('tus'), network, store: async () => store }),
  plain: uploading({ transport: speaking('plain'), network, store: async () => store }),
}

/** Uploads files of random lengths over a way that fails at random. Rejects unless each arrives whole. */
export async function assertArriving(amounts: Amounts): Promise<void> {
  const { uploads, atATime } = amounts
  await using here = await proxiedSite(randomCuts(amounts))
  const happened = new Map<string, number>()

  /** Goes up, is paused now and then, and goes on. */
  async function paused(job: Job, pauses = job.pauses): Promise<Uploaded> {
    const put = `http://127.0.0.1:${here.proxy.port}${signedPut(job.id, job.content).target}`
    const pause = new AbortController()
    const onEvent = ({ kind }: UploadEvent): void => {
      happened.set(kind, (happened.get(kind) ?? 0) + 1)
      if (kind === 'stands' && pauses > 0) pause.abort(new Error('paused'))
    }
    const upload = uploaders[job.face]
    const options = { session: job.session, stall: 500, signal: pause.signal, onEvent }
    try {
      return await upload(job, { put, get: put }, options)
    } catch (reason) {
      if (!pause.signal.aborted) throw reason
      return await paused(job, pauses - 1)
    }
  }

  const jobs = Array.from({ length: uploads }, (_, index) => randomJob(amounts, index))
  const uploadJobs = uploadingAll<Job>(async (job) => await paused(job))
  const nowhere = { put: '', get: '' }
  const results = await uploadJobs(
    jobs.map((source) => ({ source, slot: nowhere })),
    { limit: atATime },
  )
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  assert.deepEqual(failed, [])
  for (const { id, content } of jobs) {
    assert.ok((await contentOf(here.site, id)).equals(content), id)
  }
  // The way did fail, and there was something to go on with.
  assert.ok((happened.get('lost') ?? 0) > uploads / 4, JSON.stringify([...happened]))
  assert.ok((happened.get('restored') ?? 0) > uploads / 4, JSON.stringify([...happened]))
}
