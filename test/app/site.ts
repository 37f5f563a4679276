import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, startServer } from '../../src/app/running-server.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/config/options.ts'

/** The secrets of a site's schemes. */
export const SECRETS = {
  v1: 'v1-key-of-the-tests-7c5e',
  v2: 'v2-key-of-the-tests-19ab',
  v3: 'v3-key-of-the-tests-e07f',
  token: 'token-key-of-the-tests-44',
  token_delete: 'delete-key-of-the-tests-8',
  jwt: 'jwt-key-of-the-tests-b3d2',
  bearer: 'bearer-key-of-the-tests-5',
} as const

/** A scheme, or `token_delete`. */
export type SecretName = keyof typeof SECRETS

const EVERY: readonly SecretName[] = ['v1', 'v2', 'v3', 'token', 'token_delete', 'jwt', 'bearer']

/** As nothing is lost when the machine fails, and nothing but a test ends a request. */
export const FLAGS: readonly string[] = [
  'server.listen=127.0.0.1:0',
  'admin.listen=',
  'storage.min_free=0',
  'storage.fsync=never',
  'http.body_idle=10m',
  'log.level=debug',
  'log.format=json',
  'privacy.address=full',
]

export type Line = Readonly<Record<string, unknown>>

/** A finished server on a port of its own, in a temporary folder. */
export interface Site extends AsyncDisposable {
  readonly server: RunningServer
  readonly config: Config
  /** Where it keeps everything: `data/files`, `data/state.db`, `data/audit.jsonl`. */
  readonly folder: string
  /** 0 if it does not listen on TCP. */
  readonly port: number
  /** 0 if there is no admin listener on TCP. */
  readonly adminPort: number
  /** The log so far, as it was written. */
  readonly log: () => string
  /** Resolves to the first log line with this message, past or future. */
  logged(message: string): Promise<Line>
}

/** Where a site lives, if not in a folder of its own, and which secrets it has, if not all. */
export interface Home {
  readonly folder?: string
  readonly secrets?: readonly SecretName[]
}

/** The configuration of a site with other options, each `section.key=value`. */
export function configOf(
  folder: string,
  flags: readonly string[] = [],
  secrets: readonly SecretName[] = EVERY,
): Config {
  const grants = secrets.map((name) => `grants.${name}_secret=${SECRETS[name]}`)
  return loadConfig({ flags: [...FLAGS, ...grants, ...flags], env: {}, cwd: folder }).config
}

/** Starts a site with other options. */
export async function startSite(flags: readonly string[] = [], home: Home = {}): Promise<Site> {
  await using opened = new AsyncDisposableStack()
  const folder = home.folder ?? opened.use(await temporaryFolder()).path
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const destination = {
    write: (written: string): void => {
      lines.push(...written.split(/(?<=\n)/u))
      for (const wake of waiting) wake()
    },
  }
  const config = configOf(folder, flags, home.secrets)
  const server = opened.use(await startServer(config, { destination }))
  const kept = opened.move()
  return {
    server,
    config,
    folder,
    port: portOf(server.addresses),
    adminPort: portOf(server.adminAddresses),
    log: () => lines.join(''),
    async logged(message) {
      for (;;) {
        const found = lines.map(parsed).find(({ msg }) => msg === message)
        if (found !== undefined) return found
        const { promise, resolve } = Promise.withResolvers<void>()
        waiting.add(resolve)
        await promise
        waiting.delete(resolve)
      }
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

function portOf([address]: RunningServer['addresses']): number {
  return address?.kind === 'tcp' ? address.port : 0
}

/** A folder that is removed with everything in it. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'hfs-app-'))
  return { path, [Symbol.asyncDispose]: async () => await rm(path, { recursive: true }) }
}

/** What the audit trail of a folder tells of slots and sessions; complete once the site is disposed of. */
export async function auditOf(folder: string, file?: string): Promise<Line[]> {
  const lines = await chainedAuditOf(folder, file)
  return lines
    .filter(({ event }) => !/^(?:chain-|lines-)/u.test(String(event)))
    .map(({ chain: _chain, n: _n, seal: _seal, ...told }) => told)
}

/** The same with what proves it. */
export async function chainedAuditOf(folder: string, file = 'data/audit.jsonl'): Promise<Line[]> {
  const text = await readFile(join(folder, file), 'utf8')
  return text.split('\n').filter(Boolean).map(parsed)
}

/** A line of JSON. */
export function parsed(line: string): Line {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'object' || value === null) throw new TypeError(`no object: ${line}`)
  return { ...value }
}

/** The files below a folder, by name, with their sizes. */
export async function filesBelow(folder: string): Promise<ReadonlyMap<string, number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name))
  return new Map(await Promise.all(files.map(async (file) => [file, await sizeOf(file)] as const)))
}

/** A part may be gone by the time it is asked for. */
async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  return found?.size ?? 0
}

/** Resolves when the site has stored so many bytes of uploads and files. */
export async function stored(site: Pick<Site, 'config'>, bytes: number): Promise<void> {
  await eventually(async () => (await storedBytes(site)) >= bytes)
}

/** Bytes of uploads and files that the site has stored. */
export async function storedBytes({ config }: Pick<Site, 'config'>): Promise<number> {
  const sizes = [...(await filesBelow(config.storage.url.folder)).values()]
  return sizes.reduce((sum, size) => sum + size, 0)
}

const PATIENCE = 10_000

/** Asks again and again until the answer is yes; throws when that takes too long. */
export async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadline = AbortSignal.timeout(PATIENCE)
  while (!(await check())) {
    deadline.throwIfAborted()
    await new Promise(setImmediate)
  }
}
