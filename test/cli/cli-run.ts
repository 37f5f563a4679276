import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Io } from '../../src/cli/io.ts'
import { main } from '../../src/cli/main.ts'

/** What a run of the program wrote and how it ended. */
export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the program in `cwd` with nothing in its environment but `over.env`. */
export async function runCli(
  argv: readonly string[],
  cwd: string,
  over: Partial<Io> = {},
): Promise<Outcome> {
  const written = { out: '', err: '' }
  const code = await main(argv, {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    env: {},
    cwd,
    isTerminal: false,
    stopRequested: () => AbortSignal.abort(),
    onReload: () => ({ [Symbol.dispose]: () => undefined }),
    ...over,
  })
  return { code, ...written }
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hfs-cli-'))
  t.after(async () => await rm(folder, { recursive: true }))
  return folder
}
