import { Uppy, type UppyFile } from '@uppy/core'
import Tus, { type TusBody } from '@uppy/tus'
import type { Slot } from './slot.ts'
import { slotMemory } from './slot-memory.ts'

/** Before each new try, in milliseconds. After a byte that arrived, they begin anew. */
const RETRY_DELAYS = [0, 1000, 3000, 5000, 10_000, 30_000]
const FILES_AT_A_TIME = 3

type Meta = Record<string, unknown>
export type SlotUploads = Uppy<Meta, TusBody>
export type SlotFile = UppyFile<Meta, TusBody>

/** What it takes to upload to slots. */
export interface SlotUploadNeeds {
  readonly requestSlot: (name: string, size: number) => Promise<Slot>
  /** Where slots are kept until their files are there. */
  readonly storage: Storage
  /** Told of a file that arrived, and where it is. */
  readonly onPublished: (file: SlotFile, url: string) => void
}

/** An Uppy that uploads each file to a slot of its own, as soon as it is added. */
export function slotUploads({ requestSlot, storage, onPublished }: SlotUploadNeeds): SlotUploads {
  const memory = slotMemory(storage)
  const urls = new Map<string, string>()
  const uppy: SlotUploads = new Uppy<Meta, TusBody>({ autoProceed: true })
  uppy.use(Tus, {
    retryDelays: RETRY_DELAYS,
    limit: FILES_AT_A_TIME,
    // A slot takes one file, once.
    removeFingerprintOnSuccess: true,
  })

  async function giveSlot(fileId: string): Promise<void> {
    const { name, size } = uppy.getFile(fileId)
    const slot = await memory.slotFor(fileId, async () => await requestSlot(name, size ?? 0))
    urls.set(fileId, slot.get)
    // The URL of the slot is the endpoint: a POST there creates the upload.
    uppy.setFileState(fileId, { tus: { endpoint: slot.put } })
  }

  async function prepare(fileId: string): Promise<void> {
    await giveSlot(fileId).catch((reason: unknown) => {
      // Only this file fails, and can be tried again; what is thrown here would end all.
      const error = reason instanceof Error ? reason : new Error(String(reason))
      uppy.emit('upload-error', uppy.getFile(fileId), error)
    })
  }

  uppy.addPreProcessor(async (fileIds) => void (await Promise.all(fileIds.map(prepare))))
  uppy.on('upload-success', (file) => {
    if (!file) return
    memory.forget(file.id)
    onPublished(file, urls.get(file.id) ?? '')
  })
  uppy.on('upload-error', (file, _error, response) => {
    // What the server refuses, it refuses again: the next try is one with a new slot.
    if (file && response && response.status >= 400 && response.status < 500) memory.forget(file.id)
  })
  uppy.on('file-removed', ({ id }) => memory.forget(id))
  return uppy
}
