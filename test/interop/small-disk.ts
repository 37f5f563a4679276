import { execFile } from 'node:child_process'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

/** A file system of a few megabytes. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string
  /** Takes all the room that is left; disposal gives it back. */
  readonly fill: () => Promise<AsyncDisposable>
}

/** Mounts a tmpfs of `size` bytes (root only); unmounted on disposal. */
export async function smallDisk(size: number): Promise<SmallDisk> {
  await using stack = new AsyncDisposableStack()
  const { path } = stack.use(await tempFolder('small-disk'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', path])
  stack.defer(async () => {
    await run('umount', [path])
  })
  const mounted = stack.move()
  let fillings = 0
  return {
    path,
    fill: async () => await ballast(join(path, `ballast-${fillings++}`)),
    [Symbol.asyncDispose]: async () => await mounted.disposeAsync(),
  }
}

async function ballast(path: string): Promise<AsyncDisposable> {
  const block = Buffer.alloc(4096, 1)
  await using file = await open(path, 'wx')
  try {
    for (;;) await file.write(block)
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    if (!isFull) throw error
  }
  return { [Symbol.asyncDispose]: async () => await rm(path) }
}
