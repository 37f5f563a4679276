import type { RedisHost, RedisLocation } from '../core/redis-location.ts'
import { showRedisLocation } from '../core/redis-location.ts'
import { plain, textFrom } from './kinds.ts'
import { BadValue, type Option } from './option.ts'
import { resolveSecret } from './secret-kinds.ts'

const FORM =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<entrance>[^@/]*)@)?(?<hosts>[^@/]+)(?:\/(?<path>[^?#]*))?$/u

/** Host and port of one server, `[…]` around an IPv6 address. */
const HOST = /^(?:\[(?<v6>[\da-fA-F:.]+)\]|(?<name>[\w.-]+))(?::(?<port>\d{1,5}))?$/u

/** Where Redis is; holds a password, so it may stand in a file or variable, and is shown without. */
export function redisUrl(help: string): Option<RedisLocation> {
  return {
    ...plain({ default: 'file:/etc/hmac-file-server/redis-url', help }),
    allowed:
      '"redis://[user:password@]host:port/database", "redis+sentinel://host:port,…/master", ' +
      '"redis+cluster://host:port,…" ("rediss…": with TLS), "file:/path" or "env:NAME"',
    secret: true,
    parse: (raw, place) => parseLocation(resolveSecret(textFrom(raw), place)),
    show: showRedisLocation,
  }
}

function parseLocation(text: string): RedisLocation {
  const parts = FORM.exec(text)?.groups
  if (parts === undefined) {
    throw new BadValue('this is not the URL of a Redis', { remedy: 'write redis://127.0.0.1:6379' })
  }
  const { scheme, entrance = '', hosts = '', path } = parts
  const kind = kindOf(parts['kind'])
  const port = kind === 'sentinel' ? 26_379 : 6379
  const location = {
    kind,
    hosts: hosts.split(',').map((host) => parseHost(host, port)),
    ...parsePath(kind, path ? path.split('/') : []),
    ...parseEntrance(entrance),
    tls: scheme === 'rediss',
  }
  if (kind === 'single' && location.hosts.length > 1) {
    throw new BadValue('several servers need redis+sentinel:// or redis+cluster://')
  }
  return location
}

function kindOf(text: string | undefined): RedisLocation['kind'] {
  return text === 'sentinel' || text === 'cluster' ? text : 'single'
}

function parseHost(text: string, standardPort: number): RedisHost {
  const { v6, name, port = String(standardPort) } = HOST.exec(text)?.groups ?? {}
  const host = v6 ?? name
  if (host === undefined || Number(port) === 0 || Number(port) > 65_535) {
    throw new BadValue('a host is not written as host:port')
  }
  return { host, port: Number(port) }
}

function parsePath(
  kind: RedisLocation['kind'],
  segments: readonly string[],
): Pick<RedisLocation, 'master' | 'database'> {
  const [master = '', ...rest] = kind === 'sentinel' ? segments : ['', ...segments]
  const [database = '0', ...more] = rest
  if (kind === 'sentinel' && master === '') {
    throw new BadValue('the name of the master is missing', {
      remedy: 'write redis+sentinel://host:26379/name-of-the-master',
    })
  }
  if (kind === 'cluster' && rest.length > 0) throw new BadValue('a cluster has no databases')
  if (!/^\d{1,5}$/u.test(database) || more.length > 0)
    throw new BadValue('the database is no number')
  return { master: decoded(master), database: Number(database) }
}

function parseEntrance(text: string): Pick<RedisLocation, 'username' | 'password'> {
  const [name = '', ...rest] = text.split(':')
  return {
    ...(name === '' ? {} : { username: decoded(name) }),
    ...(rest.length === 0 ? {} : { password: decoded(rest.join(':')) }),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new BadValue('"%" begins an escape such as %40, write %25 for itself', { cause })
  }
}
