import { created, head } from './rufh-client.ts'
import { largePut } from './session-proofs.ts'
import type { Site } from './site.ts'
import { type Reply, ask } from './wire-client.ts'

/** Two networks that are far apart. */
export const HERE = '127.1.0.2'
export const THERE = '127.2.0.2'

/** An unfinished upload that two use in turn, so many times, and what the last request was answered. */
export async function takenInTurn(
  site: Site,
  times = 4,
  pause: () => void = () => undefined,
): Promise<{ readonly target: string; readonly last: Reply | undefined }> {
  const target = await created(site, { ...largePut(), from: HERE })
  let last: Reply | undefined
  for (let number = 1; number < times; number += 1) {
    pause()
    last = await ask(site.port, { ...head(target, 8), from: number % 2 ? THERE : HERE })
  }
  return { target, last }
}
