export interface RedisHost {
  readonly host: string
  readonly port: number
}

/** Where Redis is, and as whom to enter. */
export interface RedisLocation {
  /** One server · the master that sentinels name · a cluster. */
  readonly kind: 'single' | 'sentinel' | 'cluster'
  /** The server, the sentinels, or some nodes of the cluster; at least one. */
  readonly hosts: readonly RedisHost[]
  /** The name under which sentinels know the master; empty without sentinels. */
  readonly master: string
  readonly username?: string
  readonly password?: string
  /** Number of the database; 0 in a cluster. */
  readonly database: number
  readonly tls: boolean
}

/** The location as a URL whose password is masked: for logs and messages. */
export function showRedisLocation(location: RedisLocation): string {
  const { kind, hosts, master, username, password, database, tls } = location
  const scheme = `${tls ? 'rediss' : 'redis'}${kind === 'single' ? '' : `+${kind}`}`
  const secret = password === undefined ? '' : ':(set)'
  const user = username === undefined ? '' : encodeURIComponent(username)
  const entrance = user + secret === '' ? '' : `${user}${secret}@`
  const places = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
  const name = master === '' ? '' : `/${encodeURIComponent(master)}`
  return `${scheme}://${entrance}${places.join(',')}${name}${database === 0 ? '' : `/${database}`}`
}
