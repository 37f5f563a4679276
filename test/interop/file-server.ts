import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { eventually } from './eventually.ts'
import { freePorts } from './free-ports.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

export const SECRETS = {
  v1: 'interop-secret-of-scheme-v1',
  v2: 'interop-secret-of-scheme-v2',
  jwt: 'interop-secret-of-scheme-jwt-0123456789',
}

type Value = string | number | boolean | readonly string[]
/** A key without a value is not written. */
type Sections = Readonly<Record<string, Readonly<Record<string, Value | undefined>>>>

export interface FileServerOptions {
  /** What clients are told; `{port}` stands for the listener's. Default: itself under `/upload/`. */
  readonly publicUrl?: string
  /** Laid over the default configuration, key by key. */
  readonly config?: Sections
  /** The network namespace in which it runs; else with the test. */
  readonly namespace?: string
  /** Of its process, beside the test's own. */
  readonly env?: Readonly<Record<string, string>>
}

export interface FileServer extends AsyncDisposable {
  readonly port: number
  /** What XMPP servers are told as the base of slots, with the final slash. */
  readonly publicUrl: string
  readonly folder: string
  readonly program: RunningProgram
}

/** Starts our server on free ports with a configuration and data of its own; resolves when it is ready. */
export async function startFileServer(options: FileServerOptions = {}): Promise<FileServer> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('file-server'))
  const [port = 0, adminPort = 0] = await freePorts(2)
  const publicUrl = (options.publicUrl ?? 'http://127.0.0.1:{port}/upload/').replace(
    '{port}',
    String(port),
  )
  const defaults = defaultConfig({ folder, port, adminPort, publicUrl })
  const configFile = join(folder.path, 'config.toml')
  await writeFile(configFile, toml(overlaid(defaults, options.config ?? {})))
  const entry = join(import.meta.dirname, '../../bin/hmac-file-server.js')
  const own = [process.execPath, entry, 'serve', '--config', configFile]
  const { namespace, env = {} } = options
  const inSpace = namespace === undefined ? [] : ['ip', 'netns', 'exec', namespace]
  const [command = '', ...args] = [...inSpace, ...own]
  const program = stack.use(startProgram(command, args, { cwd: folder.path, env }))
  // From outside, nothing reaches into a namespace.
  if (namespace === undefined) await healthy(program, adminPort)
  else await program.line(/^Listening on /)
  const running = stack.move()
  return {
    port,
    publicUrl,
    folder: folder.path,
    program,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

function defaultConfig(needs: {
  folder: TempFolder
  port: number
  adminPort: number
  publicUrl: string
}): Sections {
  const inFolder = (name: string): string => join(needs.folder.path, name)
  return {
    server: {
      listen: `127.0.0.1:${needs.port}`,
      public_url: needs.publicUrl,
      shutdown_grace: '1s',
    },
    grants: { v1_secret: SECRETS.v1, v2_secret: SECRETS.v2, jwt_secret: SECRETS.jwt },
    storage: {
      url: `file:${inFolder('files')}`,
      fsync: 'never',
      max_file_size: '200 MiB',
      min_free: '1 MiB',
    },
    session_store: { backend: 'sqlite', path: inFolder('state.db') },
    admin: { listen: `127.0.0.1:${needs.adminPort}` },
    audit: { file: inFolder('audit.jsonl') },
  }
}

function overlaid(below: Sections, above: Sections): Sections {
  const names = new Set([...Object.keys(below), ...Object.keys(above)])
  return Object.fromEntries(Array.from(names, (name) => [name, { ...below[name], ...above[name] }]))
}

/** TOML's basic strings and arrays of them are written as JSON writes them. */
function toml(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, keys]) => {
      const given = Object.entries(keys).filter(([, value]) => value !== undefined)
      const lines = given.map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
      return [`[${name}]`, ...lines, ''].join('\n')
    })
    .join('\n')
}

async function healthy(program: RunningProgram, adminPort: number): Promise<void> {
  const over = new AbortController()
  program.ended.finally(() => over.abort()).catch(() => {})
  const signal = AbortSignal.any([over.signal, AbortSignal.timeout(20_000)])
  try {
    await eventually(
      'our server is ready',
      async () => {
        const answer = await fetch(`http://127.0.0.1:${adminPort}/-/health/ready`, { signal })
        return answer.ok ? true : undefined
      },
      signal,
    )
  } catch (cause) {
    throw new Error(`Our server does not get ready:\n${program.log()}`, { cause })
  }
}
