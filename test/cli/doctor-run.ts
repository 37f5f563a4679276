import assert from 'node:assert/strict'
import type { Io } from '../../src/cli/io.ts'
import { SECRETS, type Site, startSite } from '../app/site.ts'
import { freePort } from '../interop/free-ports.ts'
import { RUNNING, type Outcome, runCli } from './cli-run.ts'

/** Nobody asks for a stop. */

/** Runs the doctor in this process. */
export async function doctor(
  cwd: string,
  argv: readonly string[],
  over: Partial<Io> = {},
): Promise<Outcome> {
  return await runCli(['doctor', ...argv], cwd, { ...RUNNING, ...over })
}

/** The lines about one check. */
export function partOf(out: string, name: string): string {
  const found = new RegExp(`^\\w+ +${name} .*\\n(?:^ .*\\n)*`, 'mu').exec(out)
  assert.ok(found !== null, `nothing about ${name}:\n${out}`)
  return found[0]
}

/** A server that clients reach without a proxy, and the flags that tell of it. */
export interface Direct extends AsyncDisposable {
  readonly site: Site
  readonly port: number
  readonly url: string
  readonly set: readonly string[]
}

/** Where a server is to be found, if not at 127.0.0.1 by this very address. */
interface Whereabouts {
  readonly host: string
  readonly addresses: readonly string[]
}

/** Starts such a server. */
export async function direct(
  options: readonly string[] = [],
  { host, addresses }: Whereabouts = { host: '127.0.0.1', addresses: ['127.0.0.1'] },
): Promise<Direct> {
  const port = await freePort()
  const url = `http://${host}:${port}/`
  const listen = addresses.map((address) => `${address}:${port}`).join(',')
  const settings = [`server.listen=${listen}`, `server.public_url=${url}`, ...options]
  const site = await startSite(settings)
  const known = [...settings, `grants.v2_secret=${SECRETS.v2}`]
  return {
    site,
    port,
    url,
    set: known.flatMap((setting) => ['--set', setting]),
    [Symbol.asyncDispose]: async () => await site[Symbol.asyncDispose](),
  }
}
