/** The server wants a login without encryption. */
export class UnencryptedError extends Error {
  override readonly name = 'UnencryptedError'

  constructor() {
    super('The server offers no encryption')
  }
}
