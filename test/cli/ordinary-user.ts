import process from 'node:process'

const NOBODY = 65_534

/** Until it is disposed of, the process is no root, who may read and write everything. */
export function ordinaryUser(): Disposable {
  const own = process.geteuid?.()
  if (own === 0) process.seteuid?.(NOBODY)
  return { [Symbol.dispose]: () => void (own === 0 && process.seteuid?.(own)) }
}
