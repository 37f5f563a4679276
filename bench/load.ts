import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs, promisify } from 'node:util'
import {
  type LoadResult,
  type PartResult,
  loadChart,
  loadHolds,
  loadMarkdown,
} from './load-report.ts'
import { machineFacts } from './machine.ts'
import { type OwnPeer, startOwnServer } from './peers/hmac-file-server.ts'
import { type Arrival, type Journey, travel } from './resuming-client.ts'
import { seededRandom } from './statistics.ts'
import { type WorkFolder, openWorkFolder } from './work-folder.ts'

const HELP = `npm run load -- [options]

  What the mission asks of many clients at once: uploads at the same time, clients that change their
  network again and again, uploads that are interrupted at a random byte, and stored sessions.

  --quick            20 seconds instead of 5 minutes, and fewer clients; writes no report
  --seed N           where the cuts are (1)
  --results FOLDER   where reports go (bench/results)
`

const KIB = 1024
const WORK_FOLDER = path.join(import.meta.dirname, 'work')
const RESULTS_FOLDER = path.join(import.meta.dirname, 'results')
const FORMATTER = path.join(import.meta.dirname, '../node_modules/.bin/oxfmt')

/** Amounts of one run. */
interface Amounts {
  readonly simultaneous: number
  readonly switching: number
  /** Seconds that clients keep switching, and between two switches. */
  readonly seconds: number
  readonly every: number
  readonly interrupted: number
}

const FULL: Amounts = {
  simultaneous: 1000,
  switching: 100,
  seconds: 300,
  every: 10,
  interrupted: 500,
}
const QUICK: Amounts = { simultaneous: 200, switching: 20, seconds: 20, every: 4, interrupted: 100 }

/** Bytes per second of a client that switches. */
const RATE = 64 * KIB

/** Interrupted uploads at a time. */
const AT_A_TIME = 50

interface Run {
  readonly amounts: Amounts
  readonly seed: number
  readonly work: WorkFolder
  readonly signal: AbortSignal
}

type Plan = Omit<Journey, 'port' | 'target' | 'signal'>

/** A client's two networks: loopback addresses that no other client has. */
function networksOf(client: number): readonly string[] {
  const host = `${client >> 8}.${client & 255}`
  return [`127.1.${host}`, `127.2.${host}`]
}

function bodyOf(size: number, random: () => number): Buffer {
  const words = Uint32Array.from({ length: Math.ceil(size / 4) }, () => random() * 2 ** 32)
  return Buffer.from(words.buffer, 0, size)
}

/** Many uploads at once, each over one connection. */
function simultaneous({ amounts }: Run, random: () => number): Plan[] {
  return Array.from({ length: amounts.simultaneous }, (_, client) => ({
    body: bodyOf(128 * KIB, random),
    networks: networksOf(client),
    rate: 32 * KIB,
    manner: 'silent',
    losses: 0,
  }))
}

/** Clients that change their network as long as they upload; the old connection stays half-open. */
function switching({ amounts }: Run, random: () => number): Plan[] {
  const { seconds, every } = amounts
  return Array.from({ length: amounts.switching }, (_, client) => ({
    body: bodyOf(seconds * RATE, random),
    networks: networksOf(client),
    rate: RATE,
    loss: { milliseconds: every * 1000 * (0.8 + 0.4 * random()) },
    manner: 'silent',
    losses: Infinity,
  }))
}

/** Uploads whose connection is reset once, at a random byte. */
function interrupted({ amounts }: Run, random: () => number): Plan[] {
  const size = 1024 * KIB
  return Array.from({ length: amounts.interrupted }, (_, client) => ({
    body: bodyOf(size, random),
    networks: networksOf(client),
    rate: 2048 * KIB,
    loss: { bytes: Math.floor(random() * size) },
    manner: 'reset',
    losses: 1,
  }))
}

/** Lets all clients upload, so many at a time, on a server of their own. */
async function measurePart(
  name: string,
  plans: (run: Run, random: () => number) => Plan[],
  run: Run & { readonly atATime?: number },
): Promise<PartResult> {
  const folder = run.work.folder(name.replaceAll(' ', '-'))
  const around = { folder, signal: run.signal }
  const all = plans(run, seededRandom(run.seed))
  const arrivals: Arrival[] = []
  {
    await using server = await startOwnServer(around, { fsync: 'ack' })
    const queue = all.entries()
    const worker = async (): Promise<void> => {
      for (const [number, plan] of queue) {
        arrivals.push(await travel(journeyOf(plan, number, { server, signal: run.signal })))
      }
    }
    await Promise.all(Array.from({ length: run.atATime ?? all.length }, worker))
  }
  const bytes = all.reduce((sum, { body }) => sum + body.length, 0)
  return summarize({ name, bytes, arrivals, readBytes: await readOf(folder) })
}

function journeyOf(
  plan: Plan,
  number: number,
  { server, signal }: { server: OwnPeer; signal: AbortSignal },
): Journey {
  const slot = `load/${number}.bin`
  return { ...plan, port: server.port, target: server.sign(slot, plan.body.length), signal }
}

interface ReadBytes {
  /** Interruptions after which the upload went on above byte 0. */
  readonly judged: number
  readonly read: number
  readonly resumed: number
}

/** What the server had read at the interruptions, and where it went on, summed up from its audit trail. */
async function readOf(folder: string): Promise<ReadBytes> {
  const sums = { judged: 0, read: 0, resumed: 0 }
  const last = new Map<string, number>()
  for (const line of (await readFile(path.join(folder, 'audit.jsonl'), 'utf8')).split('\n')) {
    if (line === '') continue
    const { event, slot, kept } = audited(JSON.parse(line))
    if (event === 'interrupted') last.set(slot, kept)
    if (event !== 'resumed') continue
    const read = last.get(slot)
    if (read === undefined) continue
    sums.judged += 1
    sums.read += read
    sums.resumed += Math.min(read, kept)
    last.delete(slot)
  }
  return sums
}

function audited(line: unknown): { event: string; slot: string; kept: number } {
  const fields = new Map(Object.entries(typeof line === 'object' && line !== null ? line : {}))
  return {
    event: String(fields.get('event')),
    slot: String(fields.get('slot')),
    kept: Number(fields.get('kept') ?? 0),
  }
}

function summarize({
  name,
  bytes,
  arrivals,
  readBytes,
}: {
  name: string
  bytes: number
  arrivals: readonly Arrival[]
  readBytes: ReadBytes
}): PartResult {
  const switches = arrivals.flatMap((arrival) => arrival.switches)
  return {
    name,
    bytes,
    uploads: arrivals.length,
    recovered: arrivals.filter(({ isRecovered }) => isRecovered).length,
    switches: switches.length,
    judged: readBytes.judged,
    read: readBytes.read,
    sentAgain: readBytes.read - readBytes.resumed,
    lostInFlight: switches.reduce((sum, { sent, offset }) => sum + Math.max(0, sent - offset), 0),
    milliseconds: switches.map(({ milliseconds }) => milliseconds),
  }
}

/** What sessions cost, as `bench/sessions.ts` tells it. */
async function sessionLines(): Promise<readonly string[]> {
  const program = path.join(import.meta.dirname, 'sessions.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  return stdout.split('\n').filter(Boolean)
}

async function measureLoad(run: Run): Promise<LoadResult> {
  const parts = [
    await measurePart('simultaneous', simultaneous, run),
    await measurePart('switching', switching, run),
    await measurePart('interrupted', interrupted, { ...run, atATime: AT_A_TIME }),
  ]
  return {
    machine: machineFacts(),
    seed: run.seed,
    amounts: { ...run.amounts },
    parts,
    sessions: await sessionLines(),
  }
}

function writeReport(folder: string, result: LoadResult): void {
  mkdirSync(folder, { recursive: true })
  const json = `${JSON.stringify(result, null, 2)}\n`
  const contents = { md: loadMarkdown(result), json, svg: loadChart(result) }
  for (const [extension, text] of Object.entries(contents)) {
    const file = path.join(folder, `load.${extension}`)
    writeFileSync(file, text)
    if (extension !== 'svg') execFileSync(FORMATTER, [file], { stdio: 'ignore' })
    console.log(`wrote ${file}`)
  }
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    results: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(HELP)
} else {
  const stopping = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort())
  await using work = await openWorkFolder(WORK_FOLDER)
  const amounts = values.quick ? QUICK : FULL
  const result = await measureLoad({
    amounts,
    seed: Number(values.seed),
    work,
    signal: stopping.signal,
  })
  const folder = values.results ?? (values.quick ? undefined : RESULTS_FOLDER)
  if (folder !== undefined) writeReport(folder, result)
  console.log(`\n${loadMarkdown(result)}`)
  process.exitCode = loadHolds(result) ? 0 : 1
}
