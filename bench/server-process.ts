import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { BenchFailure } from './failure.ts'
import { SERVER_CORE } from './machine.ts'
import { programPath } from './packages.ts'

/** How a server under test is started; it stays in the foreground and ends on SIGTERM. */
export interface ServerCommand {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  /** Own folder of the server; its output goes to `output.log` in it. */
  readonly folder: string
  /**
   * Absent: the server takes one that is free and prints it, as ours does. Where others run on the machine, one that
   * was free a moment ago may have become theirs, and they would be measured.
   */
  readonly port?: number
  readonly identity?: { readonly uid: number; readonly gid: number } | undefined
  /** Processors it may use, as taskset lists them; absent: the servers' one. */
  readonly cores?: string | undefined
}

/** A server that accepts connections; disposing stops it. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number
  readonly port: number
}

const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 15_000

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const port = portOf(probe.address())
  probe.close()
  await once(probe, 'close')
  return port
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('not a TCP listener')
  return address.port
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  signalGroup(child, 'SIGTERM')
  const hard = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_LIMIT_MS)
  await ended
  clearTimeout(hard)
}

/** The server may have been started by a shell script that passes no signal on, so all of its group get it. */
function signalGroup({ pid }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, name)
  } catch {
    // All of them have ended.
  }
}

const LISTENING = /^Listening on \S+:(\d+)$/mu

/** Where it listens, once it does. A foreign server gives no sign of being ready but accepting a connection, so we try. */
async function listensOn({ port, folder }: ServerCommand): Promise<number | undefined> {
  if (port !== undefined) return (await accepts(port)) ? port : undefined
  const [, printed] = LISTENING.exec(outputOf(folder)) ?? []
  return printed === undefined ? undefined : Number(printed)
}

function outputOf(folder: string): string {
  return readFileSync(path.join(folder, 'output.log'), 'utf8')
}

async function readyPort(child: ChildProcess, command: ServerCommand): Promise<number> {
  const deadline = performance.now() + START_LIMIT_MS
  for (;;) {
    const port = await listensOn(command)
    if (port !== undefined) return port
    if (hasEnded(child) || performance.now() > deadline) {
      const output = outputOf(command.folder).slice(-2000)
      throw new BenchFailure(`${command.name} did not start.\n${output}`)
    }
    await delay(50)
  }
}

/** Starts a server on the servers' core; resolves when it accepts connections. */
export async function startServer(
  command: ServerCommand,
  signal: AbortSignal,
): Promise<ServerProcess> {
  // Emptied: where it listened before is not where it listens now.
  const log = openSync(path.join(command.folder, 'output.log'), 'w')
  const cores = command.cores ?? String(SERVER_CORE)
  const pinned = ['-c', cores, command.program, ...command.args]
  const child = spawn(programPath('taskset'), pinned, {
    cwd: command.folder,
    detached: true,
    stdio: ['ignore', log, log],
    ...command.identity,
  })
  closeSync(log)
  await once(child, 'spawn')
  const end = (): void => signalGroup(child, 'SIGTERM')
  signal.addEventListener('abort', end, { once: true })
  const dispose = async (): Promise<void> => {
    signal.removeEventListener('abort', end)
    await stop(child)
  }
  try {
    const port = await readyPort(child, command)
    return { pid: child.pid ?? 0, port, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}
