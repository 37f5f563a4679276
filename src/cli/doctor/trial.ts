import type { Check } from './check.ts'
import type { Deployment } from './deployment.ts'
import type { Finding } from './finding.ts'
import { testFile } from './test-file.ts'
import { type Errand, errandFor } from './uploading.ts'

/** A check that uploads a file of its own. */
interface Trial extends Pick<Check, 'name' | 'about' | 'needs'> {
  /** Of the file, in bytes. */
  readonly size: number
  readonly tryOut: (deployment: Deployment, errand: Errand, signal: AbortSignal) => Promise<Finding>
}

/** The check that a trial makes; it is skipped if there is no slot for its file. */
export function trial({ size, tryOut, ...check }: Trial): Check {
  return {
    ...check,
    takesSlot: true,
    async run(deployment, signal) {
      const errand = await errandFor(deployment.slots, testFile(size), signal)
      return await tryOut(deployment, errand, signal)
    },
  }
}
