import type { Slot } from '../../../src/client/slot.ts'
import type { Face } from '../../../src/client/upload-event.ts'

/** A server that is not ours and takes files by HTTP, as it comes. */
export interface ForeignServer extends AsyncDisposable {
  /** What it speaks. */
  readonly face: Face
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** A slot for a file of so many bytes; rejects if it gives none. */
  readonly slot: (size: number) => Promise<Slot>
  /** What whoever is given the link of a file gets. */
  readonly published: (link: string) => Promise<Buffer>
  /** What it printed, for a failed test. */
  readonly log: () => string
}

/** A file as anybody downloads it. */
export async function downloaded(link: string): Promise<Buffer> {
  const response = await fetch(link)
  if (!response.ok) throw new Error(`${link} is answered with ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}
