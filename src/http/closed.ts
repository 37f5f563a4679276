/** Resolves when the emitter has closed, whatever error came before: `once` would reject then. */
export async function closed(emitter: NodeJS.EventEmitter): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  emitter.once('close', () => resolve())
  await promise
}
