/** A permission to upload one file, as the generator's target lines. */
export interface Slot {
  /** `METHOD PATH`, then a tab and header lines between bars. */
  readonly put: string
  readonly get: string
}

/** How a client goes on after its connection was cut: all bytes again, or those the server has not. */
export type Comeback = 'retry' | 'rufh' | 'tus'

/** A running server; disposing stops it. */
export interface RunningPeer extends AsyncDisposable {
  readonly name: string
  readonly port: number
  /** Root of its process tree. */
  readonly pid: number
  /** Roots of the process trees of proxies in front of it, which belong to it. */
  readonly proxies?: readonly number[]
  /** Roots of process trees that only carry the load to it, and belong to neither of both. */
  readonly relays?: readonly number[]
  /** The folder that holds nothing but uploaded files. */
  readonly files: string
  /** Largest file it is asked to take, in bytes. */
  readonly largestFile: number
  /** Whether it is asked for files as well. */
  readonly servesFiles: boolean
  /** Names of the loads it is asked for; absent: all. */
  readonly only?: readonly string[]
  readonly comebacks: readonly Comeback[]
  /** Fresh slots for files of this size. */
  slots(count: number, size: number): Promise<readonly Slot[]>
}

/** Where and until when a server runs. */
export interface PeerSurroundings {
  /** Own empty folder, on the disk under test. */
  readonly folder: string
  readonly signal: AbortSignal
  /** Processors it may use, as taskset lists them; absent: the servers' one. */
  readonly cores?: string
}

/** What all servers are told about a body. */
export const CONTENT_TYPE = 'Content-Type: application/octet-stream'
