import type { Forget } from './forgetting.ts'
import { lateCode } from './late-code.ts'
import type { Platform } from './platform.ts'
import { systemTimeAndChance as time } from './time-and-chance.ts'

/** The module that gives uploads up. */
interface Code {
  readonly forgetting: (platform: Platform) => Forget
}

/** Milliseconds that the code may take. */
const PATIENCE = 10_000

/**
 * Gives uploads up by code that is loaded with the first of them: before it is there nothing is forgotten. Rejects like
 * `forget` itself, or with a `TimeoutError`.
 */
export function lateForgetting(load: () => Promise<Code>, platform: Platform): Forget {
  return async (id, options) => {
    const signal = AbortSignal.timeout(PATIENCE)
    const { forgetting } = await lateCode(load, { ...platform, signal, time })
    await forgetting(platform)(id, options)
  }
}
