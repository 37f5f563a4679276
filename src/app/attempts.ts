import { tellingOnce } from '../core/trouble.ts'

/** Does work that goes on without what failed, and is tried again: never rejects. */
export type Attempt = (work: () => Promise<void>) => Promise<void>

/** `failed` is told of a failure, and not again before an attempt succeeded. */
export function attempts(failed: (error: unknown) => void): Attempt {
  const tell = tellingOnce((failure: { readonly error: unknown }) => failed(failure.error))
  return async (work) => {
    try {
      await work()
      tell(undefined)
    } catch (error) {
      tell({ error })
    }
  }
}
