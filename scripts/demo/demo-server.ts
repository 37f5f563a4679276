import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/core/clock.ts'
import { randomId } from '../../src/core/random.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { signSlot } from '../../src/grants/sign.ts'

const ENTRY = join(import.meta.dirname, '../../bin/hmac-file-server.js')
const HOUR = 3_600_000

/** Our server as a program of its own, which can be started anew over what it has stored. */
export interface DemoServer extends AsyncDisposable {
  readonly port: number
  /** PUT URL of a slot, as an XMPP server would give it out. */
  readonly slot: (path: string, size: number) => string
  readonly fileUrl: (path: string) => string
  /** Ends it as a service manager would, then starts it again. */
  readonly restart: () => Promise<void>
}

/** Starts it with everything it writes below a folder; clients reach it at another port if one is named. */
export async function startDemoServer(folder: string, publicPort?: number): Promise<DemoServer> {
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${publicPort ?? port}/`
  const secret = randomId(32)
  await mkdir(join(folder, 'data'), { recursive: true })
  const configFile = join(folder, 'config.toml')
  await writeFile(configFile, configuration({ port, publicUrl, secret }), { mode: 0o600 })
  const start = async (): Promise<ChildProcess> => await started(configFile, folder)
  let child = await start()
  return {
    port,
    fileUrl: (path) => `${publicUrl}${path}`,
    slot(path, size) {
      const slot = { path: parseSlotPath(path), size, expiresAt: systemClock() + HOUR }
      const { query } = signSlot('v1', slot, Buffer.from(secret))
      return `${publicUrl}${path}?${query}`
    },
    async restart() {
      await ended(child)
      child = await start()
    },
    [Symbol.asyncDispose]: async () => await ended(child),
  }
}

function configuration(needs: { port: number; publicUrl: string; secret: string }): string {
  const { port, publicUrl, secret } = needs
  return `
[server]
listen = "127.0.0.1:${port}"
public_url = "${publicUrl}"
client_address = "peer"
shutdown_grace = "1s"

[grants]
v1_secret = "${secret}"

[storage]
max_file_size = "64 GiB"

[http]
body_idle = "10m"

[log]
level = "warn"

[admin]
listen = ""

[audit]
file = "audit.jsonl"

[privacy]
address = "full"
`
}

async function started(configFile: string, cwd: string): Promise<ChildProcess> {
  const args = [ENTRY, 'serve', '--config', configFile]
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const said: string[] = []
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      said.push(line)
      if (line.startsWith('Listening on ')) resolve()
    })
  }
  child.once('exit', () => reject(new Error(`The server does not start:\n${said.join('\n')}`)))
  await promise
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill('SIGTERM')
  await exit
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
