import type { ByteSource, Ending, TakeBatch } from '../../src/core/bytes.ts'

/** A body that a test sends piece by piece. */
export interface SentBody extends ByteSource {
  /** Resolves when the piece was taken; its buffer is scribbled over then, as it was only lent. */
  send(piece: string | Uint8Array): Promise<void>
  /** The sender has no more bytes. */
  end(): void
  /** Resolves when somebody starts to read. */
  readonly started: Promise<void>
  readonly isCut: boolean
}

export function sentBody(): SentBody {
  const started = Promise.withResolvers<TakeBatch>()
  const ending = Promise.withResolvers<Ending>()
  let isCut = false
  let lastTake: Promise<void> = Promise.resolve()
  return {
    async pump(take): Promise<Ending> {
      started.resolve(take)
      const end = await ending.promise
      await lastTake
      return end
    },
    cut(): void {
      isCut = true
      ending.resolve('cut')
    },
    async send(piece): Promise<void> {
      const take = await started.promise
      if (isCut) return
      const lent = new Uint8Array(Buffer.from(piece))
      lastTake = (async () => await take([lent]))()
      lastTake.catch((error: unknown) => ending.reject(error))
      await lastTake.catch(() => undefined)
      lent.fill(0xdb)
    },
    end(): void {
      ending.resolve('end')
    },
    started: started.promise.then(() => undefined),
    get isCut(): boolean {
      return isCut
    },
  }
}

/** A body that is all there. */
export function wholeBody(...pieces: (string | Uint8Array)[]): SentBody {
  const body = sentBody()
  void sendAll(body, pieces)
  return body
}

async function sendAll(body: SentBody, pieces: (string | Uint8Array)[]): Promise<void> {
  for (const piece of pieces) await body.send(piece)
  body.end()
}
