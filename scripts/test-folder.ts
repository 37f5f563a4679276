import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Where Linux keeps files in memory. Tests start hundreds of servers, each with 512 folders and a database of its own: a
 * disk takes minutes longer for them, and one that is busy lets a server wait for longer than a test does.
 */
const IN_MEMORY = '/dev/shm'
const BYTES_NEEDED = 4 * 1024 ** 3

/** The folder below which all tests of a run make theirs, and what its processes need to know to use it. */
export interface TestFolder extends AsyncDisposable {
  readonly env: Readonly<Record<'TMPDIR' | 'NODE_COMPILE_CACHE', string>>
}

/** Made in memory where there is room for it; removed on disposal. */
export async function testFolder(): Promise<TestFolder> {
  const folder = await mkdtemp(join(await roomyFolder(), 'tests-'))
  // Open to all users, as /tmp is: some tests are another user for a while.
  await chmod(folder, 0o1777)
  return {
    env: { TMPDIR: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') },
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, maxRetries: 3 }),
  }
}

async function roomyFolder(): Promise<string> {
  const { bavail, bsize } = await statfs(IN_MEMORY).catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= BYTES_NEEDED ? IN_MEMORY : tmpdir()
}
