/** What a worker runs: started by the primary process, and by nobody else. */
import process from 'node:process'
import { channelToPrimary } from './process-channel.ts'
import { runWorker } from './worker.ts'

// A terminal or a service manager signals the whole group; the primary says what is to be done.
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(name, () => {})
await runWorker(channelToPrimary())
