import type { ByteSource, Ending } from '../core/bytes.ts'
import { Refusal } from '../core/refusals.ts'
import type { BlobStore } from './ports.ts'

/**
 * Compares a body with a published file, from `start` on, while it comes in; writes nothing. Refuses
 * (`slot-conflict`) at the first difference. Resolves to how the body ended; `end` means equal.
 */
export async function compare(
  body: ByteSource,
  file: { readonly id: string; readonly size: number; readonly start?: number },
  blobs: BlobStore,
): Promise<Ending> {
  let position = file.start ?? 0
  const ending = await body.pump(async (batch) => {
    // Copied, because the stored bytes may have to be waited for.
    for (const piece of batch.map((lent) => Buffer.from(lent))) {
      if (position + piece.length > file.size) throw new Refusal('slot-conflict')
      await compareAt(piece, position)
      position += piece.length
    }
  })
  return position === file.size ? 'end' : ending

  async function compareAt(piece: Uint8Array, start: number): Promise<void> {
    let offset = 0
    await blobs.read(file.id, {
      range: { start, end: start + piece.length },
      take: (stored) => {
        const sent = piece.subarray(offset, offset + stored.length)
        if (Buffer.compare(sent, stored) !== 0) throw new Refusal('slot-conflict')
        offset += stored.length
      },
    })
  }
}
