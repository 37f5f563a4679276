import type { SavedState } from '../platform.ts'
import type { UploadAnswer, UploadRequest } from '../transport.ts'

/** A WebCrypto key. */
export type Key = InstanceType<typeof CryptoKey>

export type Fields = Readonly<Record<string, string>>

/** How a kind of session proves itself. */
export interface Prover {
  /** Fields by which a request proves to be of the session; without an `id` those that ask for a session. */
  fields(request: UploadRequest, id: string | undefined): Promise<Fields>
  /** Takes from an answer what later requests need. `true`: the request was refused for the lack of it alone. */
  learn(answer: UploadAnswer): Promise<boolean>
  /** What proves the session after a restart. */
  saved(): Promise<SavedState>
}

/** Makes a prover. */
export type MakeProver = (needs: ProverNeeds) => Prover

/** What a prover is made of. */
export interface ProverNeeds {
  /** Whether keys are saved as they are, so that nobody can take them out. */
  readonly keepsKeys: boolean
  /** What an earlier one saved; may be empty. */
  readonly saved: SavedState
  /** Milliseconds since 1970. */
  readonly clock?: () => number
  /** So many bytes that nobody can guess. */
  readonly random?: (size: number) => Uint8Array
}

/** Bytes as nobody can guess them. */
export function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size))
}

export function isKey(value: unknown): value is Key {
  return value instanceof CryptoKey
}

/** `text` in UTF-8. */
export function encoded(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}
