import { execFile } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import type { Outcome } from '../cli/cli-run.ts'

export interface CommandPlace {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const PROGRAM = join(import.meta.dirname, '../../bin/hmac-file-server.js')

/** Runs our command line as a program of its own, to its end. */
export async function runCommand(argv: readonly string[], place: CommandPlace): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const options = { cwd: place.cwd, env: { ...process.env, ...place.env }, timeout: 60_000 }
  const child = execFile(process.execPath, [PROGRAM, ...argv], options, (_error, out, err) =>
    resolve({ code: child.exitCode ?? -1, out, err }),
  )
  return await promise
}
