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

/** Also the reads, since an upload begins with one. */
const TRACED =
  'read,write,writev,sendmsg,sendto,pwrite64,pwritev,pwritev2,' +
  'fsync,fdatasync,sync,syncfs,sync_file_range,msync,link,linkat,rename,renameat,renameat2'

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
    const what = ['-e', `trace=${TRACED}`, '-p', String(pid)]
    await using strace = startProgram('strace', ['-f', '-yy', '-s', '80', '-o', log].concat(what))
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
  const begun = new Map<string, SystemCall>()
  const calls: SystemCall[] = []
  for (const [at, text] of log.split('\n').entries()) {
    const part = parseLine(text)
    if (part === undefined) continue
    const { thread, name, failed } = part
    const earlier = begun.get(thread) ?? { beganAt: at, arguments: '' }
    const { beganAt } = earlier
    const endedAt = part.ended ? at : Infinity
    const call = { name, arguments: earlier.arguments + part.arguments, beganAt, endedAt, failed }
    begun.delete(thread)
    if (part.ended) calls.push(call)
    else begun.set(thread, call)
  }
  return [...calls, ...begun.values()].toSorted((a, b) => a.beganAt - b.beganAt)
}

/** What one line tells of a call. */
interface Line extends Pick<SystemCall, 'name' | 'arguments' | 'failed'> {
  readonly thread: string
  readonly ended: boolean
}

function parseLine(text: string): Line | undefined {
  for (const form of [BEGUN, RESUMED, WHOLE]) {
    const found = form.exec(text)?.groups
    if (found === undefined) continue
    const { thread = '', name = '', args = '', result = '' } = found
    const failed = result.startsWith('-1')
    return { thread, name, arguments: args, ended: form !== BEGUN, failed }
  }
  return undefined
}
