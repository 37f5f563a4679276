import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { FilesLocation } from '../../src/cli/snippets/proxies.ts'
import { eventually } from './eventually.ts'
import { fitted } from './fitted-snippet.ts'
import { caddyfile } from './proxies/caddy.ts'
import { haproxyConfig } from './proxies/haproxy.ts'
import { nginxConfig } from './proxies/nginx.ts'
import type { ProxySite } from './proxies/proxy-site.ts'
import { type RunningProgram, startProgram } from './running-program.ts'

/** A proxy that accepts connections. */
export interface FrontProxy extends AsyncDisposable {
  /** Everything that was written about requests so far. */
  readonly accessLog: () => Promise<string>
}

/** Starts nginx on a site; `changes` are made to its configuration, text by text. */
export async function startNginx(
  site: ProxySite,
  files?: FilesLocation,
  changes: Readonly<Record<string, string>> = {},
): Promise<FrontProxy> {
  const configFile = join(site.folder, 'nginx.conf')
  await writeFile(configFile, fitted(nginxConfig(site, files), changes))
  const program = startProgram('nginx', ['-p', site.folder, '-c', configFile])
  return await front({ program, port: site.port, accessLog: logFile(site.folder) })
}

/** Starts HAProxy on a site. */
export async function startHaproxy(site: ProxySite): Promise<FrontProxy> {
  const configFile = join(site.folder, 'haproxy.cfg')
  const pemFile = join(site.folder, 'site.pem')
  const { certFile, keyFile } = site.certificate
  const parts = await Promise.all([certFile, keyFile].map(async (file) => await readFile(file)))
  await writeFile(pemFile, Buffer.concat(parts))
  await writeFile(configFile, haproxyConfig(site, pemFile))
  const program = startProgram('haproxy', ['-f', configFile, '-db'])
  return await front({ program, port: site.port, accessLog: async () => program.log() })
}

/** Starts Caddy on a site; `changes` are made to its configuration, text by text. */
export async function startCaddy(
  site: ProxySite,
  changes: Readonly<Record<string, string>> = {},
): Promise<FrontProxy> {
  const { folder } = site
  const configFile = join(folder, 'Caddyfile')
  await writeFile(configFile, fitted(caddyfile(site), changes))
  const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const args = ['run', '--adapter', 'caddyfile', '--config', configFile]
  const program = startProgram('caddy', args, { env })
  return await front({ program, port: site.port, accessLog: logFile(folder) })
}

function logFile(folder: string): () => Promise<string> {
  return async () => await readFile(join(folder, 'access.log'), 'utf8')
}

async function front(started: {
  program: RunningProgram
  port: number
  accessLog: () => Promise<string>
}): Promise<FrontProxy> {
  const { program, port, accessLog } = started
  await using stack = new AsyncDisposableStack()
  stack.use(program)
  const over = new AbortController()
  program.ended.finally(() => over.abort()).catch(() => {})
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(20_000)])
  try {
    await eventually(`${program.name} listens`, async () => await accepts(port), signal)
  } catch (cause) {
    throw new Error(`${program.name} does not start:\n${program.log()}`, { cause })
  }
  const running = stack.move()
  return { accessLog, [Symbol.asyncDispose]: async () => await running.disposeAsync() }
}

async function accepts(port: number): Promise<true> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } finally {
    socket.destroy()
  }
}
