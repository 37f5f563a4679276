import { fingerprintOf } from '../core/slot-path.ts'
import { abandonments } from './abandoning.ts'
import { activities } from './activity.ts'
import { creations } from './creating.ts'
import type { UploadEngine } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import { collect } from './orphans.ts'
import { plainUploads } from './plain-upload.ts'
import { rangeUploads } from './range-upload.ts'
import { reading } from './reading.ts'
import { recover } from './recovery.ts'
import { reservations } from './reservations.ts'
import { resumableUploads } from './resumable-upload.ts'
import { removeFile, sweep } from './retention.ts'

/** The upload engine over its ports. Nothing is read or written until a verb is called. */
export function uploadEngine(needs: EngineNeeds): UploadEngine {
  const activity = activities((file) => reader.remember(file))
  const running = runningWork()
  const { tracked } = running
  const reader = reading(needs, activity)
  const noticed = needs.notices?.subscribe(reader.notice)
  const parts = { ...needs, reservations: reservations(needs) }
  const plain = plainUploads(parts, activity)
  const creation = creations(parts, activity)
  const resumable = resumableUploads(parts, activity)
  const abandoning = abandonments(needs, activity)
  const ranges = rangeUploads(parts, activity)
  return {
    put: (request) => tracked(plain.put(request)),
    create: (request) => tracked(creation.create(request)),
    append: (request) => tracked(resumable.append(request)),
    status: (request) => tracked(resumable.status(request)),
    abort: (request) => tracked(resumable.abort(request)),
    abandon: (request) => tracked(abandoning.abandon(request)),
    range: (request) => tracked(ranges.range(request)),
    sizeOf: ranges.sizeOf,
    sizeOfResource: async (resource) => (await needs.slots.findByResource(resource))?.size,
    lookup: reader.lookup,
    untilPublished: reader.untilPublished,
    read: reader.read,
    location: reader.location,
    async remove(path, why = 'requested') {
      const fingerprint = fingerprintOf(path)
      const removed = await tracked(removeFile(fingerprint, why, needs))
      reader.forget(path)
      return removed
    },
    recover: async (left) => await tracked(recover(needs, left)),
    pause: () => activity.pause(),
    endUnwanted: async (...unwanted) => await activity.endUnwanted(...unwanted),
    keep: () => activity.keep(),
    sweep: async (signal) => await tracked(sweep(needs, signal)),
    overdue: async (limit) => await needs.slots.due(needs.clock(), limit),
    collect: async (options) => await tracked(collect(needs, options)),
    find: async (path) => await needs.slots.find(fingerprintOf(path)),
    async *files() {
      for await (const record of needs.slots.all()) {
        if (record.state === 'published') yield record
      }
    },
    async [Symbol.asyncDispose]() {
      noticed?.[Symbol.dispose]()
      await running.idle()
    },
  }
}

/** What is under way. */
interface RunningWork {
  /** Counts the work until it is over. */
  readonly tracked: <T>(work: Promise<T>) => Promise<T>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

/** Counted rather than listed: a list would remember for a while what is over. */
function runningWork(): RunningWork {
  let count = 0
  let over = Promise.withResolvers<void>()
  const end = (): void => {
    count -= 1
    if (count > 0) return
    over.resolve()
    over = Promise.withResolvers()
  }
  return {
    tracked(work) {
      count += 1
      void work.then(end, end)
      return work
    },
    async idle(): Promise<void> {
      if (count > 0) await over.promise
    },
  }
}
