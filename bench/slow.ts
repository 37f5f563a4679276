import { BenchFailure } from './failure.ts'
import { compileGenerator, type LoadReport } from './generator.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { startOwnServer, type OwnPeer } from './peers/hmac-file-server.ts'
import { residentMiB, startAccounting, type Usage } from './process-accounting.ts'
import { markdownTable } from './markdown-table.ts'
import { openWorkFolder, type WorkFolder } from './work-folder.ts'

export interface SlowOptions {
  /** Uploads at once. */
  readonly uploads: number
  /** Bytes of each. */
  readonly size: number
  /** How long each takes. */
  readonly seconds: number
  /** Sizes, in bytes, of single uploads at full speed whose memory is compared. */
  readonly fileSizes: readonly number[]
  readonly workFolder: string
  readonly signal: AbortSignal
}

/** Peak memory of the server during one upload of this size. */
export interface FileMemory {
  readonly size: number
  readonly peakRssMiB: number
}

export interface SlowResult {
  readonly uploads: number
  readonly size: number
  readonly seconds: number
  readonly report: LoadReport
  readonly usage: Usage
  /** Before the slow uploads, after some fast ones have warmed the server up. */
  readonly restingRssMiB: number
  readonly growthPerConnectionKiB: number
  readonly files: readonly FileMemory[]
}

/** What is needed to load a server that has just been started. */
interface Loading {
  readonly server: OwnPeer
  readonly put: (uploads: number, size: number) => Promise<LoadReport>
  readonly trickle: (options: SlowOptions) => Promise<LoadReport>
}

const WARM_UP_UPLOADS = 200
const WARM_UP_BYTES = 64 * 1024

async function withServer<Result>(
  options: SlowOptions,
  place: { readonly work: WorkFolder; readonly name: string },
  use: (loading: Loading) => Promise<Result>,
): Promise<Result> {
  const { signal } = options
  const generator = await compileGenerator(place.work.folder('generator'))
  const around = { folder: place.work.folder(place.name), signal }
  await using server = await startOwnServer(around, { fsync: 'never' })
  const puts = async (count: number, size: number): Promise<string[]> =>
    (await server.slots(count, size)).map(({ put }) => put)
  const { port } = server
  return await use({
    server,
    put: async (requests, size) => {
      const targets = await puts(requests, size)
      const load = { mode: 'put' as const, port, connections: 1, seconds: 600, requests, size }
      return await generator.run({ ...load, targets }, signal)
    },
    trickle: async ({ uploads, size, seconds }) => {
      const load = { mode: 'slow' as const, port, connections: uploads, seconds, size }
      const targets = await puts(uploads, size)
      return await generator.run({ ...load, requests: uploads, targets }, signal)
    },
  })
}

async function memoryOfFiles(options: SlowOptions, loading: Loading): Promise<FileMemory[]> {
  await loading.put(WARM_UP_UPLOADS, WARM_UP_BYTES)
  const rows: FileMemory[] = []
  for (const size of options.fileSizes) {
    const stop = startAccounting(loading.server.pid)
    const report = await loading.put(1, size)
    if (report.ok !== 1) throw new BenchFailure(`An upload of ${size} bytes failed`)
    rows.push({ size, peakRssMiB: stop().peakRssMiB })
  }
  return rows
}

async function memoryOfConnections(
  options: SlowOptions,
  loading: Loading,
): Promise<Omit<SlowResult, 'files'>> {
  await loading.put(WARM_UP_UPLOADS, WARM_UP_BYTES)
  const restingRssMiB = residentMiB(loading.server.pid)
  const stop = startAccounting(loading.server.pid)
  const report = await loading.trickle(options)
  const usage = stop()
  const growth = Math.max(0, usage.peakRssMiB - restingRssMiB)
  const { uploads, size, seconds } = options
  return {
    uploads,
    size,
    seconds,
    report,
    usage,
    restingRssMiB,
    growthPerConnectionKiB: (growth * 1024) / uploads,
  }
}

/**
 * Many uploads at once, each a trickle: whether all succeed and what each costs in memory. Then,
 * on a fresh server, whether memory depends on the size of a file.
 */
export async function measureSlow(options: SlowOptions): Promise<SlowResult> {
  await using work = await openWorkFolder(options.workFolder)
  const slow = await withServer(
    options,
    { work, name: 'slow' },
    async (loading) => await memoryOfConnections(options, loading),
  )
  const files = await withServer(
    options,
    { work, name: 'files' },
    async (loading) => await memoryOfFiles(options, loading),
  )
  return { ...slow, files }
}

/** Whether every slow upload succeeded. */
export function slowHolds(result: SlowResult): boolean {
  return result.report.ok === result.uploads && result.report.errors === 0
}

/** The result as Markdown. */
export function slowMarkdown(result: SlowResult, machine: MachineFacts): string {
  const { report, usage } = result
  const figures = markdownTable(
    ['', ''],
    [
      ['uploads that succeeded', `${report.ok} of ${result.uploads}`],
      [
        'last byte to answer, p50 / p99 / longest',
        `${[report.p50, report.p99, report.max].map((ms) => ms.toFixed(1)).join(' / ')} ms`,
      ],
      ['CPU', `${usage.cpuSeconds.toFixed(1)} s in ${usage.wallSeconds.toFixed(0)} s`],
      ['RSS at rest', `${result.restingRssMiB.toFixed(0)} MiB`],
      ['peak RSS', `${usage.peakRssMiB.toFixed(0)} MiB`],
      ['growth per connection', `${result.growthPerConnectionKiB.toFixed(1)} KiB`],
    ],
  )
  const files = markdownTable(
    ['one upload of', 'peak RSS'],
    result.files.map((file) => [`${file.size / 2 ** 20} MiB`, `${file.peakRssMiB.toFixed(0)} MiB`]),
  )
  return `# Slow uploads and memory

${describeMachine(machine)}.

${result.uploads} uploads of ${result.size / 2 ** 20} MiB at once, each trickled over ${result.seconds} s in steps of 100 ms.

${figures}

Memory against the size of the file; on a fresh server, one upload at full speed each:

${files}
`
}
