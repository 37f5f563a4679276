/**
 * What the client for Node.js holds of a large file: `node bench/client-memory.ts [GiB]` uploads a file of 256 MiB, then
 * one of 4 GiB or as many as are asked for, and exits with 1 if it ever held more than a constant.
 */
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { startDemoServer } from '../scripts/demo/demo-server.ts'
import { upload } from '../src/client/node/main.ts'
import { systemStopwatch } from '../src/core/clock.ts'

const MIB = 2 ** 20
const SMALL = 256 * MIB
/** Bytes that Node.js itself takes, and that its garbage collector leaves lying about of appends that are over. */
const MOST = 320 * MIB

const large = Number(process.argv[2] ?? 4) * 1024 * MIB
const WORK = path.join(import.meta.dirname, 'work')

/** Uploads a file without a written byte; resolves to the peak of this process so far, in bytes. */
async function peakAfter(size: number): Promise<number> {
  const name = `${size}.bin`
  const file = path.join(folder, name)
  const handle = await open(file, 'w')
  await handle.truncate(size)
  await handle.close()
  const startedAt = systemStopwatch()
  await upload(file, { put: server.slot(name, size), get: server.fileUrl(name) })
  const seconds = (systemStopwatch() - startedAt) / 1000
  const peak = process.resourceUsage().maxRSS * 1024
  const speed = (size / MIB / seconds).toFixed(0)
  console.log(
    `${size / MIB} MiB: ${(peak / MIB).toFixed(0)} MiB at most, ${speed} MiB/s, ${seconds.toFixed(1)} s`,
  )
  return peak
}

await mkdir(WORK, { recursive: true })
const folder = await mkdtemp(path.join(WORK, 'client-memory-'))
await using stack = new AsyncDisposableStack()
stack.defer(async () => await rm(folder, { recursive: true, force: true }))
const server = stack.use(await startDemoServer(folder))
await peakAfter(SMALL)
process.exitCode = (await peakAfter(large)) <= MOST ? 0 : 1
