/** Waits for what is promised without a signal, no longer than until the signal fires. */
export async function answered<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: given, resolve, reject } = Promise.withResolvers<T>()
  const give = (): void => reject(signal.reason)
  if (signal.aborted) give()
  signal.addEventListener('abort', give)
  promise.then(resolve, reject)
  try {
    return await given
  } finally {
    signal.removeEventListener('abort', give)
  }
}
