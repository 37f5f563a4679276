import type { Transport } from './transport.ts'

/** Tells of the device's way to the network. */
export interface Network {
  /** False: it is known that nothing can be sent. */
  isOnline(): boolean
  /** Calls back when the device may have another way to the network than before, until the signal fires. */
  onChange(callback: () => void, signal: AbortSignal): void
}

/** What is kept of an unfinished upload, as plain data that `structuredClone` can copy. */
export type SavedState = Readonly<Record<string, unknown>>

/** Where unfinished uploads are remembered while the program does not run. */
export interface UploadStore {
  load(id: string): Promise<SavedState | undefined>
  save(id: string, state: SavedState): Promise<void>
  /** Forgetting what is not there is nothing special. */
  remove(id: string): Promise<void>
  /**
   * Resolves to how to let go of an id, or to nothing while somebody else holds it: another upload, of another program
   * or page perhaps. Absent: nobody else is there.
   */
  hold?(id: string): Promise<(() => Promise<void>) | undefined>
  /** Whether `CryptoKey`s can be kept as they are, so that no key ever leaves the browser. */
  readonly keepsKeys: boolean
}

/** What the surroundings give. */
export interface Platform {
  readonly transport: Transport
  readonly network: Network
  /**
   * Loads the place where uploads are remembered if the caller does not say. Absent: nothing is remembered then.
   */
  readonly store?: () => Promise<UploadStore>
}
