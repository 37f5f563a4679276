import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesystemBlobStore } from '../../src/blobs/filesystem/blob-store.ts'
import { randomId } from '../../src/core/random.ts'
import type { Engine, PublishedFile, UploadEngine } from '../../src/engine/engine.ts'
import type { EngineEvents } from '../../src/engine/events.ts'
import type { EngineNeeds } from '../../src/engine/needs.ts'
import type { EnginePolicy } from '../../src/engine/policy.ts'
import { uploadEngine } from '../../src/engine/upload-engine.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { memorySlotStore } from '../../src/stores/memory/slot-store.ts'

const POLICY: EnginePolicy = {
  fsync: 'never',
  maxFileSize: 1_000_000,
  minFree: 0,
  resumeTimeout: 10 * 60_000,
  chunkSize: 2 ** 20,
  maxSessionAge: 72 * 3_600_000,
  maxRecoveries: 10,
  fileMaxAge: 24 * 3_600_000,
  openUploadsPerOwner: 32,
  reservedBytesPerOwner: 4_000_000,
  timelessGrants: true,
}

/** Real parts, a clock that the test sets, and the names of the events that were raised. */
export interface Fixture extends AsyncDisposable {
  readonly engine: UploadEngine
  readonly needs: EngineNeeds
  readonly events: string[]
  time: number
  /** A second engine over the same stores, as another process would have it. */
  another(more?: Partial<EngineNeeds>): UploadEngine
}

export async function fixture(policy: Partial<EnginePolicy> = {}): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-'))
  const blobs = await filesystemBlobStore({ folder })
  const slots = memorySlotStore()
  const events: string[] = []
  const state = { time: 1_800_000_000_000 }
  const needs: EngineNeeds = {
    slots,
    blobs,
    leases: processLeases(),
    events: recordingEvents(events),
    clock: () => state.time,
    newId: randomId,
    networkName: ({ network }) => network,
    deadline: (milliseconds) => AbortSignal.timeout(milliseconds),
    policy: () => ({ ...POLICY, ...policy }),
  }
  const engine = uploadEngine(needs)
  return {
    engine,
    needs,
    events,
    another: (more = {}) => uploadEngine({ ...needs, leases: processLeases(), ...more }),
    get time(): number {
      return state.time
    },
    set time(value: number) {
      state.time = value
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await engine[Symbol.asyncDispose]()
      await slots[Symbol.asyncDispose]()
      await blobs[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

function recordingEvents(names: string[]): EngineEvents {
  return {
    slotOpened: () => names.push('opened'),
    recovered: (slot) => names.push(`recovered ${slot.recoveries}`),
    continued: () => undefined,
    resumed: () => undefined,
    adopted: (_slot, { durable }) => names.push(`adopted ${durable}`),
    takenElsewhere: (_slot, { from, network, rivalNetwork }) =>
      names.push(`taken elsewhere from ${from.address}: ${network} → ${rivalNetwork}`),
    takenOver: (_slot, { from, to }) => names.push(`taken over ${from.address} → ${to.address}`),
    interrupted: (_slot, _upload, kept) => names.push(`interrupted ${kept}`),
    published: () => names.push('published'),
    repeated: (_slot, outcome) => names.push(`repeated ${outcome}`),
    fileRemoved: (_slot, why) => names.push(`removed ${why}`),
    abandoned: (_slot, _upload, why) => names.push(`abandoned ${why}`),
  }
}

/** The whole file, as a reader gets it. */
export async function contentOf(
  engine: Pick<Engine, 'read'>,
  file: PublishedFile,
): Promise<string> {
  const pieces: Buffer[] = []
  await engine.read(file, {
    range: { start: 0, end: file.size },
    take: (piece) => {
      pieces.push(Buffer.from(piece))
    },
  })
  return Buffer.concat(pieces).toString()
}

/** How many parts and files lie on disk. */
export async function blobCount({ needs }: Fixture): Promise<{ parts: number; files: number }> {
  const count = { parts: 0, files: 0 }
  for await (const { kind } of needs.blobs.list()) count[kind === 'part' ? 'parts' : 'files'] += 1
  return count
}
