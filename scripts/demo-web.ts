/**
 * `npm run demo:web`: a page that uploads, our server, and buttons for what happens to phones: another network, dead
 * connections, a restart of the server. Everything on loopback, until Ctrl-C; then all files are removed.
 */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { startWebDemo } from './demo/web-demo.ts'

/** So that there is something to see: 5 MB a second. */
const RATE = 5_000_000

await using stack = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'hfs-demo-'))
stack.defer(async () => await rm(folder, { recursive: true, force: true }))
const demo = stack.use(await startWebDemo(folder))
demo.network.limit(RATE)
console.log(`Open ${demo.url} in a browser. Ctrl-C ends it.`)
await Promise.race(['SIGINT', 'SIGTERM'].map(async (signal) => await once(process, signal)))
