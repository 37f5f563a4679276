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
  const sinks = {
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
  }
  const code = await main(argv, ioIn(cwd, { ...sinks, ...over }))
  return { code, ...written }
}

/** What a command touches, in `cwd`: nobody reads, nothing is in the environment, a stop is asked for. */
export function ioIn(cwd: string, over: Partial<Io> = {}): Io {
  const sink = { write: (text: string) => text }
  return {
    stdout: sink,
    stderr: sink,
    env: {},
    cwd,
    isTerminal: false,
    stopRequested: () => AbortSignal.abort(),
    onReload: () => ({ [Symbol.dispose]: () => undefined }),
    ...over,
  }
}

/** Nobody stops the program. */
export const RUNNING: Pick<Io, 'stopRequested'> = {
  stopRequested: () => new AbortController().signal,
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hfs-cli-'))
  t.after(async () => await rm(folder, { recursive: true }))
  return folder
}
