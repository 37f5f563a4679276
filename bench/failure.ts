/** A condition the person at the terminal can mend; printed without a stack. */
export class BenchFailure extends Error {
  override readonly name = 'BenchFailure'
}
