import { readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { caddyfile } from './proxies/caddy.ts'
import { haproxyConfig } from './proxies/haproxy.ts'
import { nginxConfig, type NginxSite } from './proxies/nginx.ts'
import type { ProxySite } from './proxies/proxy-site.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

/** Starts nginx on a site; it writes into a folder of its own. */
export async function startNginx(site: Omit<NginxSite, 'folder'>): Promise<RunningProgram> {
  return await startFront(site.port, async (folder) => {
    const configFile = join(folder, 'nginx.conf')
    await writeFile(configFile, nginxConfig({ ...site, folder }))
    return startProgram('nginx', ['-p', folder, '-c', configFile])
  })
}

/** Starts HAProxy on a site. */
export async function startHaproxy(site: ProxySite): Promise<RunningProgram> {
  return await startFront(site.port, async (folder) => {
    const configFile = join(folder, 'haproxy.cfg')
    const pemFile = join(folder, 'site.pem')
    const { tls } = site
    if (tls) {
      await writeFile(
        pemFile,
        `${await readFile(tls.certFile, 'utf8')}${await readFile(tls.keyFile, 'utf8')}`,
      )
    }
    await writeFile(configFile, haproxyConfig(tls ? { ...site, pemFile } : site))
    return startProgram('haproxy', ['-f', configFile, '-db'])
  })
}

/** Starts Caddy on a site. */
export async function startCaddy(site: ProxySite): Promise<RunningProgram> {
  return await startFront(site.port, async (folder) => {
    const configFile = join(folder, 'Caddyfile')
    await writeFile(configFile, caddyfile(site))
    const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
    return startProgram('caddy', ['run', '--adapter', 'caddyfile', '--config', configFile], { env })
  })
}

/** Runs a proxy in a folder of its own; resolves when it accepts connections. */
async function startFront(
  port: number,
  start: (folder: string) => Promise<RunningProgram>,
): Promise<RunningProgram> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('front'))
  const program = stack.use(await start(folder.path))
  const over = new AbortController()
  program.ended.finally(() => over.abort()).catch(() => {})
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(20_000)])
  try {
    await eventually(`${program.name} listens`, async () => await accepts(port), signal)
  } catch (cause) {
    throw new Error(`${program.name} does not start:\n${program.log()}`, { cause })
  }
  const running = stack.move()
  return { ...program, [Symbol.asyncDispose]: async () => await running.disposeAsync() }
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
