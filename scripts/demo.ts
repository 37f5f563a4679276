/**
 * `npm run demo`: a phone uploads 200 MB while its network is switched, it sleeps, and the server is restarted;
 * once by a client that resumes, and once by one that starts over. Exits with 0 if both files arrived whole and
 * the first client sent nothing that the server had.
 */
import { createHash, randomBytes } from 'node:crypto'
import { openAsBlob } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { systemStopwatch } from '../src/core/clock.ts'
import { type DemoServer, startDemoServer } from './demo/demo-server.ts'
import { startJourney } from './demo/journey.ts'
import { type Show, megabytes, startShow } from './demo/show.ts'
import { type Cost, type UploadRun, uploadResuming, uploadStartingOver } from './demo/uploads.ts'

const SIZE = 200_000_000
const PIECE = 1_000_000
/** The whole demonstration takes less than a minute. */
const LIMIT_MS = 180_000

interface Scene {
  readonly server: DemoServer
  readonly file: Blob
  readonly sha256: string
  readonly show: Show
  readonly signal: AbortSignal
}

interface Outcome extends Cost {
  readonly seconds: number
  readonly isWhole: boolean
}

async function play(
  { server, file, sha256, show, signal }: Scene,
  name: string,
  upload: (run: UploadRun) => Promise<Cost>,
): Promise<Outcome> {
  await using journey = await startJourney(server, show)
  const path = `demo/${name}.bin`
  const startedAt = systemStopwatch()
  const cost = await upload({ url: server.slot(path, SIZE), file, journey, show, signal })
  await journey.over()
  const seconds = (systemStopwatch() - startedAt) / 1000
  const response = await fetch(server.fileUrl(path), { signal })
  const hash = createHash('sha256')
  for await (const piece of response.body ?? []) hash.update(piece)
  return { ...cost, seconds, isWhole: hash.digest('hex') === sha256 }
}

/** Writes the phone's film; resolves to its SHA-256. */
async function film(path: string): Promise<string> {
  await using file = await open(path, 'wx')
  const hash = createHash('sha256')
  for (let size = 0; size < SIZE; size += PIECE) {
    const piece = randomBytes(PIECE)
    hash.update(piece)
    await file.write(piece)
  }
  return hash.digest('hex')
}

const WIDTHS: readonly number[] = [14, 10, 12, 8, 12]

function row(...cells: readonly string[]): string {
  const [name = '', ...others] = cells
  const [first = 0, ...rest] = WIDTHS
  return [name.padEnd(first), ...others.map((cell, at) => cell.padStart(rest[at] ?? 0))].join(' ')
}

function costRow(name: string, { sent, seconds, isWhole }: Outcome): string {
  const again = megabytes(sent - SIZE)
  return row(name, megabytes(sent), again, `${seconds.toFixed(1)} s`, isWhole ? 'yes' : 'NO')
}

function summary(resumed: Outcome, restarted: Outcome): string {
  return [
    row('', 'sent', 'sent again', 'time', 'file whole'),
    costRow('resuming', resumed),
    costRow('starting over', restarted),
    '',
    `Of what the resuming client sent again, the server had ${megabytes(resumed.needless)}; the rest got lost on the way.`,
  ].join('\n')
}

async function demonstrate(signal: AbortSignal): Promise<boolean> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'hfs-demo-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'film.bin')
  const sha256 = await film(path)
  const file = await openAsBlob(path)
  const server = stack.use(await startDemoServer(folder))
  const show = startShow()
  const scene = { server, file, sha256, show, signal }
  show.title(`${megabytes(SIZE)} by a client that resumes`)
  const resumed = await play(scene, 'resumed', uploadResuming)
  show.title('The same by a client that starts over')
  const restarted = await play(scene, 'restarted', uploadStartingOver)
  show.title('What it took')
  console.log(summary(resumed, restarted))
  return resumed.isWhole && restarted.isWhole && resumed.needless === 0
}

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort(new Error('Stopped')))
const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(LIMIT_MS)])
process.exitCode = (await demonstrate(signal)) ? 0 : 1
