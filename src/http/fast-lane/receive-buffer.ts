/** All connections receive into it, because whatever is received is taken or copied before the next bytes are. */
export const RECEIVED = Buffer.allocUnsafeSlow(256 * 1024)

/** Part of it for what no request waits for: a head, and all of a small file that comes with it. */
export const RECEIVED_FIRST = RECEIVED.subarray(0, 72 * 1024)

/** How often something was received. */
let receptions = 0

/** To be called whenever something was received, before anything else: what was lent before is overwritten. */
export function noteReception(): void {
  receptions += 1
}

/** Received bytes that nobody has taken yet. */
export interface Loan {
  readonly bytes: Uint8Array
  readonly reception: number
}

/** Lends bytes that were received just now. */
export function lend(bytes: Uint8Array): Loan {
  return { bytes, reception: receptions }
}

/** The bytes, unless others were received in their place since. */
export function bytesOf({ bytes, reception }: Loan): Uint8Array | undefined {
  return reception === receptions ? bytes : undefined
}
