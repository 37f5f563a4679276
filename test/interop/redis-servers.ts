import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import type { RedisLocation } from '../../src/core/redis-location.ts'
import { eventually } from './eventually.ts'
import { freePorts } from './free-ports.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

/** One `redis-server` with data of its own, which survive when it is started again. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  readonly program: () => RunningProgram
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** Starts it again on the same port with the data it left. */
  start(): Promise<void>
  /** Runs a command as an operator would; what is printed. */
  readonly cli: (...args: string[]) => string
}

/** Redis as the servers of a test use it. */
export interface RedisSite extends AsyncDisposable {
  readonly location: RedisLocation
  readonly servers: readonly RedisServer[]
}

/** What the server needs of a Redis that loses nothing it has acknowledged. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always']

const BARE = { kind: 'single', master: '', database: 0, tls: false } as const

/** Starts one server with these settings, on a port of its own unless told. */
export async function startRedis(
  settings: readonly string[] = DURABLE,
  port?: number,
): Promise<RedisServer> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('redis'))
  const taken = port ?? (await freePorts(1))[0] ?? 0
  const args = ['--port', String(taken), '--bind', '127.0.0.1', '--dir', folder.path]
  const run = (): RunningProgram =>
    startProgram('redis-server', [...args, '--save', '', ...settings], { cwd: folder.path })
  const cli = (...words: string[]): string => cliAt(taken, words)
  let program = run()
  stack.defer(async () => await program[Symbol.asyncDispose]())
  await answering(cli)
  const kept = stack.move()
  return {
    port: taken,
    program: () => program,
    cli,
    async kill() {
      program.signal('SIGKILL')
      await program.ended
    },
    async start() {
      // While it was down, somebody else may have got its port for a moment.
      await eventually(`redis-server starts on ${taken} again`, async () => {
        program = run()
        const over = new AbortController()
        const ended = program.ended.then(() => over.abort())
        const up = answering(cli, over.signal).then(() => true as const)
        return (await Promise.race([up, ended])) ?? undefined
      })
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

/** One server. */
export async function singleRedis(): Promise<RedisSite> {
  const server = await startRedis()
  return {
    location: { ...BARE, hosts: [{ host: '127.0.0.1', port: server.port }] },
    servers: [server],
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

/** A master, a replica and three sentinels that make the replica master when the master is gone. */
export async function sentinelRedis(): Promise<RedisSite> {
  await using stack = new AsyncDisposableStack()
  const master = stack.use(await startRedis())
  const replicaOf = ['--replicaof', `127.0.0.1 ${master.port}`]
  const replica = stack.use(await startRedis([...DURABLE, ...replicaOf]))
  await eventually('the replica follows', async () =>
    replica.cli('info', 'replication').includes('master_link_status:up') ? true : undefined,
  )
  const ports = await freePorts(3)
  const folder = stack.use(await tempFolder('sentinels'))
  for (const port of ports) {
    const file = join(folder.path, `${port}.conf`)
    await writeFile(file, sentinelConfiguration(port, master.port))
    stack.use(startProgram('redis-sentinel', [file], { cwd: folder.path }))
  }
  await eventually('the sentinels know each other and the replica', async () => {
    const known = ports.map((port) => cliAt(port, ['sentinel', 'master', 'state']))
    const complete = /num-slaves\n1\nnum-other-sentinels\n2\n/u
    return known.every((text) => complete.test(text)) ? true : undefined
  })
  const kept = stack.move()
  const hosts = ports.map((port) => ({ host: '127.0.0.1', port }))
  return {
    location: { ...BARE, kind: 'sentinel', hosts, master: 'state' },
    servers: [master, replica],
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

function sentinelConfiguration(port: number, masterPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `sentinel monitor state 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds state 1000',
    'sentinel failover-timeout state 5000',
    '',
  ].join('\n')
}

/** Three masters that share the keys, without replicas. */
export async function clusterRedis(): Promise<RedisSite> {
  await using stack = new AsyncDisposableStack()
  const servers: RedisServer[] = []
  for (const port of await freeClusterPorts()) {
    servers.push(stack.use(await startRedis([...DURABLE, '--cluster-enabled', 'yes'], port)))
  }
  const nodes = servers.map(({ port }) => `127.0.0.1:${port}`)
  const made = cliAt(servers[0]?.port ?? 0, ['--cluster', 'create', ...nodes, '--cluster-yes'])
  await eventually(`the cluster is made: ${made}`, async () =>
    servers.every(({ cli }) => cli('cluster', 'info').includes('cluster_state:ok'))
      ? true
      : undefined,
  )
  const kept = stack.move()
  const hosts = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
  return {
    location: { ...BARE, kind: 'cluster', hosts },
    servers,
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}

/** The nodes of a cluster talk to each other on a port that is 10000 higher. */
async function freeClusterPorts(): Promise<readonly number[]> {
  const found = await freePorts(30)
  const low = found.filter((port) => port < 55_000)
  if (low.length >= 3) return low.slice(0, 3)
  return found.slice(0, 3).map((port) => port - 20_000)
}

function cliAt(port: number, words: readonly string[]): string {
  const answer = spawnSync('redis-cli', ['-p', String(port), ...words], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  if (answer.error) throw answer.error
  return answer.stdout
}

async function answering(cli: RedisServer['cli'], signal?: AbortSignal): Promise<void> {
  const probe = async (): Promise<true | undefined> => (cli('ping') === 'PONG\n' ? true : undefined)
  await eventually('redis-server answers', probe, signal)
}
