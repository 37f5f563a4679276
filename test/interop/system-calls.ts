import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

/** One system call of any thread. Calls are ordered by the moments they began and ended. */
export interface SystemCall {
  readonly name: string
  /** Arguments as strace prints them: descriptors with their paths. */
  readonly arguments: string
  readonly beganAt: number
  /** Infinite if it had not ended when the trace did. */
  readonly endedAt: number
  readonly failed: boolean
}

const TRACED = [
  ...['read', 'write', 'writev', 'sendmsg', 'sendto', 'pwrite64', 'pwritev', 'pwritev2'],
  ...['fsync', 'fdatasync', 'sync', 'syncfs', 'sync_file_range', 'msync', 'link', 'linkat'],
  ...['rename', 'renameat', 'renameat2'],
]

/** Calls that make bytes or names durable. */
export const SYNCS = /^(?:fsync|fdatasync|sync|syncfs|sync_file_range|msync)$/u

/** What a running process and all its threads call while `work` runs. */
export async function systemCallsDuring(
  pid: number,
  work: () => Promise<void>,
): Promise<readonly SystemCall[]> {
  await using folder = await tempFolder('strace')
  const log = join(folder.path, 'log')
  {
    await using strace = startProgram('strace', [
      ...['-f', '-yy', '-s', '80', '-o', log, '-e', `trace=${TRACED.join()}`],
      ...['-p', String(pid)],
    ])
    await strace.line(/attached/u)
    await work()
  }
  return parseTrace(await readFile(log, 'utf8'))
}

const WHOLE = /^(?<thread>\d+) +(?<name>\w+)\((?<args>.*)\) += (?<result>.*)$/u
const BEGUN = /^(?<thread>\d+) +(?<name>\w+)\((?<args>.*) ?<(?:unfinished|detached) \.\.\.>$/u
const RESUMED = /^(?<thread>\d+) +<\.\.\. (?<name>\w+) resumed>(?<args>.*)\) += (?<result>.*)$/u

/** Reads a log of `strace -f -o`; a call that others interrupted stands on two lines. */
export function parseTrace(log: string): readonly SystemCall[] {
  const calls: SystemCall[] = []
  const open = new Map<string, SystemCall>()
  for (const [line, text] of log.split('\n').entries()) {
    const begun = BEGUN.exec(text)?.groups
    if (begun !== undefined) {
      const { thread = '', name = '', args = '' } = begun
      open.set(thread, { ...made(name, args), beganAt: line, endedAt: Infinity, failed: false })
      continue
    }
    const ended = (RESUMED.exec(text) ?? WHOLE.exec(text))?.groups
    if (ended === undefined) continue
    const { thread = '', name = '', args = '', result = '' } = ended
    const earlier = open.get(thread) ?? { ...made(name, ''), beganAt: line }
    open.delete(thread)
    const all = made(name, earlier.arguments + args)
    const failed = result.startsWith('-1')
    calls.push({ ...all, beganAt: earlier.beganAt, endedAt: line, failed })
  }
  return [...calls, ...open.values()].toSorted((a, b) => a.beganAt - b.beganAt)
}

function made(name: string, args: string): Pick<SystemCall, 'name' | 'arguments'> {
  return { name, arguments: args }
}
