import type { Growth, GrowthResult } from './growth-run.ts'
import { CONTENT } from './growth-bytes.ts'
import type { Effort, ServerAt } from './growth-server.ts'
import { valueAt } from './line-fit.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'

/** To which the lines are drawn beyond what was measured. */
const FAR = 10_000_000

/** What stands in reports for each thing that grows. */
export const GROWING: Readonly<Record<Growth['of'], string>> = {
  file: 'finished file',
  spent: 'path of a file that is gone',
  unfinished: 'unfinished upload',
  unbound: 'session without a key',
  hmac: 'session bound by HMAC',
  dpop: 'session bound by DPoP',
  'counted user': 'user, count of new uploads',
  'learnt user': 'user, habits (`[anomaly]`)',
}

const PLACES: Readonly<Record<Growth['place'], string>> = {
  sqlite: 'SQLite',
  redis: 'Redis',
  disk: `disk, ${CONTENT.length} bytes of content included`,
  memory: 'memory of the process',
}

/** A number of bytes as people read it. */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB']
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${units[step]}`
}

/** CPU and time of something, in milliseconds. */
export function effortText({ cpu, wall }: Effort): string {
  const digits = wall < 10 ? 2 : 0
  return `${cpu.toFixed(digits)} / ${wall.toFixed(digits)}`
}

function bytesTable(growths: readonly Growth[]): string {
  return markdownTable(
    ['one', 'in', 'bytes', 'off the line', 'measured up to', 'at 10 million, extrapolated'],
    growths.map(({ of, place, points, line }) => [
      GROWING[of],
      PLACES[place],
      line.slope.toFixed(0),
      `${(100 * line.residual).toFixed(1)} %`,
      String(points.at(-1)?.objects ?? 0),
      sizeText(valueAt(line, FAR)),
    ]),
  )
}

function servingTable(steps: readonly ServerAt[]): string {
  return markdownTable(
    ['objects', 'RSS', 'start, ms', 'PUT, ms', 'GET, ms'],
    steps.map(({ objects, residentMiB, start, put, get }) => [
      String(objects),
      `${residentMiB.toFixed(0)} MiB`,
      ...[start, put, get].map(effortText),
    ]),
  )
}

function commandsTable(steps: readonly ServerAt[]): string {
  const measured = steps.flatMap(({ objects, commands }) =>
    commands === undefined ? [] : [{ objects, ...commands }],
  )
  return markdownTable(
    ['files', '`files list --sort none`, ms', '`gc --dry-run`, ms', 'sweep of 100 files, ms'],
    measured.map(({ objects, list, collect, sweep }) => [
      String(objects),
      ...[list, collect, sweep].map(effortText),
    ]),
  )
}

/** The result as Markdown. */
export function growthMarkdown(result: GrowthResult, machine: MachineFacts): string {
  const { bytes, servers, withBytes } = result
  const served = servers.map(
    ({ kind, steps }) =>
      `### One server, more and more of: ${GROWING[kind]}\n\n${servingTable(steps)}\n`,
  )
  const files = servers.find(({ kind }) => kind === 'file')?.steps ?? []
  return `# Growth

${describeMachine(machine)}.

A server stores one of each, and its records are copied, under names of their own, through the ports of the stores; nothing
is measured but what it leaves then. A line is laid through the points (least squares): its slope is what one costs, and _off
the line_ how far the farthest point is from it, as a share of the largest.

${bytesTable(bytes)}

Times are CPU / time from begin to end; of a PUT or GET of ${CONTENT.length} bytes on one connection that of the server's
process / the median seen by the client. Others used the machine, so compare the CPU. The first ${withBytes} files and
unfinished uploads have bytes on the disk, what comes after is a record alone.

${served.join('\n')}
### Commands and retention

${commandsTable(files)}
`
}
