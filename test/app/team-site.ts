import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../src/config/options.ts'
import { FLAGS, type Line, SECRETS, configOf, parsed, temporaryFolder } from './site.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/hmac-file-server.js', import.meta.url))

/** How long anything here may take, in milliseconds. */
const PATIENCE = 20_000

/** A server of several processes. */
export interface TeamSite extends AsyncDisposable {
  readonly port: number
  readonly adminPort: number
  readonly folder: string
  readonly config: Config
  /** The log so far. */
  readonly lines: readonly Line[]
  /** Resolves to the first line that fits, past or future. */
  logged(fits: (line: Line) => boolean): Promise<Line>
  /** The processes of all workers that were started so far. */
  readonly workers: () => readonly number[]
  /** Signals the primary process. */
  readonly signal: (name: NodeJS.Signals) => void
  /** Code and signal with which the primary ended. */
  readonly ended: Promise<unknown[]>
}

/** Starts the program with two workers, the secret of `v1`, and other options. */
export async function startTeamSite(flags: readonly string[] = []): Promise<TeamSite> {
  await using opened = new AsyncDisposableStack()
  const { path: folder } = opened.use(await temporaryFolder())
  const given = ['server.workers=2', `grants.v1_secret=${SECRETS.v1}`, 'admin.listen=127.0.0.1:0']
  const all = [...FLAGS, ...given, ...flags].flatMap((flag) => ['--set', flag])
  const child = spawn(process.execPath, [PROGRAM, 'serve', ...all], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'exit')
  opened.defer(async () => {
    child.kill('SIGKILL')
    await ended
    // Workers end by themselves when their primary is gone; their pipes close with them.
    if (!child.stderr.closed) await once(child.stderr, 'close')
  })
  const lines: Line[] = []
  const errors = createInterface(child.stderr)
  errors.on('line', (line) => void (line.startsWith('{') && lines.push(parsed(line))))
  const ports: number[] = []
  for await (const line of createInterface(child.stdout)) {
    const [, port] = /^(?:Listening|Metrics and health) on \S+:(\d+)$/u.exec(line) ?? []
    if (port !== undefined) ports.push(Number(port))
    if (ports.length === 2) break
  }
  const [port = 0, adminPort = 0] = ports
  const kept = opened.move()
  return {
    port,
    adminPort,
    folder,
    config: configOf(folder),
    lines,
    ended,
    workers: () =>
      lines.filter(({ msg }) => msg === 'worker started').map(({ worker }) => Number(worker)),
    signal: (name) => void child.kill(name),
    async logged(fits) {
      const signal = AbortSignal.timeout(PATIENCE)
      for (;;) {
        const found = lines.find(fits)
        if (found !== undefined) return found
        await once(errors, 'line', { signal })
      }
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  }
}
