import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './cli-run.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/hmac-file-server.js', import.meta.url))

/** The program as a process of its own. */
export interface RunningCommand extends AsyncDisposable {
  readonly child: ChildProcess
  /** Resolves when it has ended, by itself or killed; then the code is NaN. */
  readonly ended: Promise<Outcome>
}

/** Starts it with a home of its own in the folder. */
export function startCommand(argv: readonly string[], cwd: string): RunningCommand {
  const env = { HOME: cwd, PATH: process.env['PATH'] }
  const child = spawn(process.execPath, [PROGRAM, ...argv], { cwd, env })
  const written = { out: '', err: '' }
  child.stdout.on('data', (text: Buffer) => (written.out += text.toString()))
  child.stderr.on('data', (text: Buffer) => (written.err += text.toString()))
  const closed = once(child, 'close')
  return {
    child,
    ended: closed.then(() => ({ ...written, code: child.exitCode ?? Number.NaN })),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
