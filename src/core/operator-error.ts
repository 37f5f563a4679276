/**
 * Something that the operator can mend, said in one sentence that names the place and the reason:
 * shown without a stack, because it is no bug.
 */
export class OperatorError extends Error {
  constructor(what: string, cause?: unknown) {
    super(cause instanceof Error ? `${what}: ${cause.message}` : what, { cause })
    this.name = 'OperatorError'
  }
}
