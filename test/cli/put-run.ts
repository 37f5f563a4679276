import assert from 'node:assert/strict'
import { isJsonObject } from '../../src/core/json-object.ts'
import { type Signing, signedPut } from '../app/slots.ts'
import { RUNNING, type Outcome, runCli } from './cli-run.ts'

/** What follows `put FILE` for a slot of the site. */
export function slot(
  { proxy }: { readonly proxy: { readonly port: number } },
  path: string,
  { content, ...how }: Signing & { readonly content: Buffer },
): string[] {
  const { target, headers } = signedPut(path, content, how)
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  return [`http://127.0.0.1:${proxy.port}${target}`, ...fields]
}

/** Runs `put` in a folder, which remembers its uploads as well. */
export async function put(cwd: string, ...argv: readonly string[]): Promise<Outcome> {
  return await runCli(['put', ...argv, '--state', 'state'], cwd, RUNNING)
}

/** The object that a command prints with `--json`. */
export function report(out: string): Readonly<Record<string, unknown>> {
  assert.match(out, /^[^\n]+\n$/u)
  const value: unknown = JSON.parse(out)
  assert.ok(isJsonObject(value))
  return value
}
