import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'

interface ProcessRow {
  readonly parent: number
  /** User and system time, in clock ticks. */
  readonly ticks: number
  readonly kernelThread: boolean
}

/** What process trees and the rest of the machine used between two moments. */
export interface Usage {
  /** CPU seconds of the process trees. */
  readonly cpuSeconds: number
  /** CPU seconds of all that is neither in the trees, nor the kernel's own threads. */
  readonly otherCpuSeconds: number
  /** Sum of the trees' peak resident sizes (VmHWM), in MiB. */
  readonly peakRssMiB: number
  readonly wallSeconds: number
}

const PF_KTHREAD = 0x200000
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** A file of /proc, or nothing if the process has gone meanwhile. */
function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'latin1')
  } catch {
    return undefined
  }
}

/** The fields after the command name, which itself may hold anything. */
function fieldsOf(stat: string): number[] {
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
}

/** proc_pid_stat(5). */
function parseStat(stat: string): ProcessRow {
  const [, parent = 0, , , , , flags = 0, , , , , utime = 0, stime = 0] = fieldsOf(stat)
  return { parent, ticks: utime + stime, kernelThread: (flags & PF_KTHREAD) !== 0 }
}

function allProcesses(): Map<number, ProcessRow> {
  const rows = new Map<number, ProcessRow>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? readProc(`${name}/stat`) : undefined
    if (stat !== undefined) rows.set(Number(name), parseStat(stat))
  }
  return rows
}

function treeOf(roots: readonly number[], rows: ReadonlyMap<number, ProcessRow>): Set<number> {
  const tree = new Set(roots)
  for (let before = 0; before !== tree.size;) {
    before = tree.size
    for (const [pid, row] of rows) if (tree.has(row.parent)) tree.add(pid)
  }
  return tree
}

/** proc_stat(5): user, nice, system, irq and softirq time of all cores, in ticks. */
function busyTicks(): number {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? ''
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).map(Number)
  return user + nice + system + irq + softirq
}

function statusKiB(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readProc(`${pid}/status`) ?? '')
  return Number(line?.[1] ?? 0)
}

function sumMiB(pids: Iterable<number>, field: 'VmHWM' | 'VmRSS'): number {
  let kib = 0
  for (const pid of pids) kib += statusKiB(pid, field)
  return Math.round((kib / 1024) * 10) / 10
}

/** Forgets the peak resident size so far (proc_pid_clear_refs(5), value 5). */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5')
  } catch {
    // Another user's process and we are not root: its peak since its start is reported instead.
  }
}

function sumTicks(rows: Iterable<ProcessRow>): number {
  let ticks = 0
  for (const row of rows) ticks += row.ticks
  return ticks
}

function snapshot(roots: readonly number[]): {
  tree: Set<number>
  own: number
  kernel: number
  busy: number
} {
  const rows = allProcesses()
  const tree = treeOf(roots, rows)
  return {
    tree,
    own: sumTicks([...rows].filter(([pid]) => tree.has(pid)).map(([, row]) => row)),
    kernel: sumTicks([...rows.values()].filter((row) => row.kernelThread)),
    busy: busyTicks(),
  }
}

/** Resident size of the process tree now, in MiB. */
export function residentMiB(root: number): number {
  return sumMiB(treeOf([root], allProcesses()), 'VmRSS')
}

/** CPU seconds that a process tree has used since it began. */
export function usedCpuSeconds(root: number): number {
  const { own } = snapshot([root])
  return own / TICKS_PER_SECOND
}

/** CPU seconds of the children of this process that have ended (proc_pid_stat(5): cutime, cstime). */
export function endedChildrenCpuSeconds(): number {
  const [, , , , , , , , , , , , , user = 0, system = 0] = fieldsOf(readProc('self/stat') ?? '')
  return (user + system) / TICKS_PER_SECOND
}

/** Starts to account for the process trees of `roots` together; the result is called once, at the end. */
export function startAccounting(...roots: readonly number[]): () => Usage {
  const before = snapshot(roots)
  for (const pid of before.tree) resetPeak(pid)
  const startedAt = performance.now()
  return () => {
    const after = snapshot(roots)
    const own = after.own - before.own
    const other = after.busy - before.busy - own - (after.kernel - before.kernel)
    return {
      cpuSeconds: own / TICKS_PER_SECOND,
      otherCpuSeconds: Math.max(0, other / TICKS_PER_SECOND),
      peakRssMiB: sumMiB(after.tree, 'VmHWM'),
      wallSeconds: (performance.now() - startedAt) / 1000,
    }
  }
}
