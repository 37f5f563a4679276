import type { Cluster, Redis } from 'ioredis'
import { OperatorError } from '../../core/operator-error.ts'
import type { RedisLocation } from '../../core/redis-location.ts'
import { errorCode } from '../../core/error-code.ts'

/** What the library gives us; both kinds take the same commands. */
export type Client = Redis | Cluster

type Library = Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>

/** Milliseconds between attempts to connect: grows to this. */
const LONGEST_RETRY = 1_000

/** Milliseconds. */
const CONNECT_TIMEOUT = 2_000

/** A connection that is silent for so many milliseconds while answers are due is dead. */
const SILENCE = 3_000

/** A client that is not connected yet. Throws an `OperatorError` if the library is not installed. */
export async function clientFor(location: RedisLocation): Promise<Client> {
  const library = await libraryInstalled()
  const client = newClient(location, library)
  // Whoever sent a command is told what became of it; there is nobody else to tell.
  client.on('error', () => {})
  return client
}

async function libraryInstalled(): Promise<Library> {
  try {
    return await import('ioredis')
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    throw new OperatorError(
      'session_store.backend = "redis" needs a package that is not installed; run: npm install ioredis',
    )
  }
}

function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ERR_MODULE_NOT_FOUND'
}

function newClient(location: RedisLocation, { Cluster, Redis }: Library): Client {
  const { kind, hosts, master, database: db } = location
  switch (kind) {
    case 'cluster':
      return new Cluster([...hosts], clusterOptions(location))
    case 'sentinel':
      return new Redis({
        ...connectionOptions(location),
        ...ONLINE_ONLY,
        db,
        sentinels: [...hosts],
        name: master,
        enableTLSForSentinelMode: location.tls,
        sentinelRetryStrategy: retryDelay,
        failoverDetector: true,
      })
    case 'single':
      return new Redis({ ...connectionOptions(location), ...ONLINE_ONLY, db, ...hosts[0] })
  }
}

/** What every connection has in common; the types stay as exact as the library wants them. */
function connectionOptions({ username, password, tls }: RedisLocation) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    protocol: 2 as const,
    replyMapping: 'legacy' as const,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT,
    socketTimeout: SILENCE,
    enableAutoPipelining: true,
    // None is sent twice, and none after its request was refused.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A master that became a replica refuses writes: the new master has to be looked for.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  }
}

/** Without a connection a command fails at once instead of waiting for one. */
const ONLINE_ONLY = { enableOfflineQueue: false, retryStrategy: retryDelay }

function clusterOptions(location: RedisLocation) {
  return {
    redisOptions: connectionOptions(location),
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    lazyConnect: true,
    clusterRetryStrategy: retryDelay,
    // With TLS the name has to stay what the certificate says.
    ...(location.tls ? { dnsLookup: keepName } : {}),
  }
}

function keepName(host: string, found: (error: null, address: string) => void): void {
  found(null, host)
}

function retryDelay(attempt: number): number {
  return Math.min(50 * attempt, LONGEST_RETRY)
}
