import { join } from 'node:path'
import { type FileServer, type FileServerOptions, startFileServer } from '../interop/file-server.ts'
import { type KeptData, keptData, runCommand } from '../interop/kept-data.ts'
import { startRedis } from '../interop/redis-servers.ts'
import type { Fault, StoreName } from './matrix.ts'

/** Servers over one store and one folder, which outlive any of them. */
export interface FaultSite extends AsyncDisposable {
  /** Those that run now. */
  readonly nodes: () => readonly FileServer[]
  /** Ends the servers by this signal and starts them again, on other ports, over the same data. */
  restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  readonly names: KeptData['names']
  /** Removes what nothing refers to, however young. */
  collect(): Promise<void>
  /** Paths of the files that the store knows as published, with the public prefix. */
  published(): Promise<readonly string[]>
}

type Sections = NonNullable<FileServerOptions['config']>

/** Nothing but the fault may end a request: time-outs are far beyond those of a case. */
const PATIENT = {
  network_resilience: { chunk_size: '64KB' },
  http: { body_idle: '10m' },
  limits: { open_uploads_per_owner: 1000 },
  log: { level: 'warn', format: 'json' },
}

/** Starts what a case with this store and fault needs. */
export async function startFaultSite(store: StoreName, fault: Fault): Promise<FaultSite> {
  await using stack = new AsyncDisposableStack()
  const data = stack.use(await keptData())
  const session_store = await stateSettings(store, data, stack)
  const server = fault === 'other-worker' ? { workers: 2 } : {}
  const storage = { url: `file:${join(data.path, 'files')}`, fsync: 'ack' }
  const config: Sections = { ...PATIENT, storage, session_store, server }
  const count = fault === 'other-node' ? 2 : 1
  let nodes = await startNodes(count, config)
  stack.defer(async () => await endNodes(nodes))
  const kept = stack.move()
  return {
    nodes: () => nodes,
    names: data.names,
    async restart(signal) {
      for (const { program } of nodes) program.signal(signal)
      await endNodes(nodes)
      nodes = await startNodes(count, config)
    },
    async collect() {
      await data.age()
      await runCommand(first(nodes), 'gc')
    },
    published: async () => listed(await runCommand(first(nodes), 'files', 'list', '--json')),
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

async function stateSettings(
  store: StoreName,
  data: KeptData,
  stack: AsyncDisposableStack,
): Promise<Record<string, string>> {
  if (store === 'memory') return { backend: 'memory' }
  if (store === 'sqlite') return { backend: 'sqlite', path: join(data.path, 'state.db') }
  const redis = stack.use(await startRedis())
  return { backend: 'redis', redis_url: `redis://127.0.0.1:${redis.port}` }
}

async function startNodes(count: number, config: Sections): Promise<readonly FileServer[]> {
  const starting = Array.from({ length: count }, async () => await startFileServer({ config }))
  return await Promise.all(starting)
}

async function endNodes(nodes: readonly FileServer[]): Promise<void> {
  await Promise.all(nodes.map(async (node) => await node[Symbol.asyncDispose]()))
}

function first([node]: readonly FileServer[]): FileServer {
  if (node === undefined) throw new Error('no server runs')
  return node
}

function listed(text: string): readonly string[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const file: unknown = JSON.parse(line)
      const hasUrl = typeof file === 'object' && file !== null && 'url' in file
      return hasUrl ? new URL(String(file.url)).pathname : ''
    })
}
