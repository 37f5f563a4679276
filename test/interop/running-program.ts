import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import process from 'node:process'
import { createInterface } from 'node:readline'

export interface ProgramOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly uid?: number
  readonly gid?: number
}

/** A program that runs until it is disposed of. It must keep running in the foreground. */
export interface RunningProgram extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  /** The newest lines of both outputs. */
  readonly log: () => string
  /** The first line that matches, of those printed and those to come. Throws when the program ends first. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>
  /** Each whole line of standard output, as it comes. */
  readonly onLine: (listener: (line: string) => void) => void
  readonly write: (text: string) => void
  readonly signal: (name: NodeJS.Signals) => void
  /** Resolves when the program and its children have ended. */
  readonly ended: Promise<number | null>
}

const KEPT_LINES = 400
const groups = new Set<number>()

// A test run that is cut short must not leave servers behind.
process.once('exit', () => {
  for (const group of groups) endGroup(group, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** Starts a program in a process group of its own, which is what disposal ends. */
export function startProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): RunningProgram {
  const child = spawn(command, args, {
    ...options,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} cannot be started`)
  groups.add(pid)
  const output = collectLines(child)
  const ended = endOf(child, pid)
  child.stdin.on('error', () => {})

  return {
    name: command,
    pid,
    log: () => output.lines.join('\n'),
    line: async (pattern) => await matchingLine({ output, ended, pattern, command }),
    onLine: (listener) => output.news.on('line', listener),
    write: (text) => child.stdin.write(text),
    signal: (name) => endGroup(pid, name),
    ended,
    async [Symbol.asyncDispose]() {
      endGroup(pid, 'SIGTERM')
      const guard = setTimeout(() => endGroup(pid, 'SIGKILL'), 10_000)
      await ended
      clearTimeout(guard)
    },
  }
}

interface Output {
  readonly lines: string[]
  readonly news: EventEmitter<{ line: [string]; any: [string] }>
}

function collectLines(child: ChildProcess): Output {
  const output: Output = { lines: [], news: new EventEmitter() }
  output.news.setMaxListeners(0)
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      output.lines.push(line)
      if (output.lines.length > KEPT_LINES) output.lines.shift()
      if (stream === child.stdout) output.news.emit('line', line)
      output.news.emit('any', line)
    })
  }
  return output
}

async function endOf(child: ChildProcess, pid: number): Promise<number | null> {
  // 'close' comes when nothing holds the pipes any more: the children of a shell script included.
  await once(child, 'close')
  groups.delete(pid)
  return child.exitCode
}

async function matchingLine(search: {
  output: Output
  ended: Promise<number | null>
  pattern: RegExp
  command: string
}): Promise<RegExpExecArray> {
  const { output, ended, pattern, command } = search
  const printed = output.lines.map((line) => pattern.exec(line)).find((match) => match !== null)
  if (printed) return printed
  const { promise, resolve } = Promise.withResolvers<RegExpExecArray>()
  const listener = (line: string): void => {
    const match = pattern.exec(line)
    if (match) resolve(match)
  }
  output.news.on('any', listener)
  const match = await Promise.race([promise, ended])
  output.news.off('any', listener)
  if (Array.isArray(match)) return match
  throw new Error(`${command} ended without ${pattern}:\n${output.lines.join('\n')}`)
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH'
    if (!gone) throw error
  }
}
