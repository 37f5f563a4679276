/** Writes to the trail given until its file can grow no more, then goes on in another; says how many lines are lost. */
import { renameSync } from 'node:fs'
import process from 'node:process'
import { openAudit } from '../../src/observe/audit.ts'
import { NOON, keptLog, sealKey } from './samples.ts'

const MOST = 1000

const file = process.argv[2] ?? ''
const losses: number[] = []
await using audit = await openAudit({
  file,
  clock: () => NOON,
  log: keptLog().log,
  sealKey,
  onLost: (lines) => losses.push(lines),
})
for (let size = 0; size < MOST && losses.length < 10; size += 1) {
  audit.record({ event: 'opened', size })
  audit.record({ event: 'published', size })
  audit.flush()
}
renameSync(file, `${file}.1`)
await audit.reopen()
audit.record({ event: 'deleted' })
audit.flush()
process.stdout.write(String(losses.reduce((sum, lines) => sum + lines, 0)))
