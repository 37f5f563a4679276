/** Uploads under way while the secrets of grants and the master key change twice: none may fail. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { ROOM, secretFlags, uploadWhileKeysChange } from '../test/app/rotating-keys.ts'
import { startSite } from '../test/app/site.ts'
import { describeMachine, machineFacts } from './machine.ts'

const RESULTS = path.join(import.meta.dirname, 'results', 'key-load.md')

const { values } = parseArgs({
  options: {
    uploads: { type: 'string', default: '1000' },
    bytes: { type: 'string', default: '60000' },
    seed: { type: 'string', default: '1' },
    results: { type: 'string', default: RESULTS },
  },
})

const run = {
  uploads: Number(values.uploads),
  bytes: Number(values.bytes),
  seed: Number(values.seed),
}
await using site = await startSite([...ROOM, ...secretFlags(0), 'storage.fsync=ack'])
const since = performance.now()
const ways = await uploadWhileKeysChange(site, run)
const seconds = (performance.now() - since) / 1000
const rows = [...ways].map(([way, uploads]) => `| ${way} | ${uploads} | 0 |`)
const report = `# Keys that change under load

\`npm run load:keys -- --uploads ${run.uploads} --bytes ${run.bytes} --seed ${run.seed}\` on ${describeMachine(machineFacts())}.

${run.uploads} uploads (v1, v2 and jwt slots) begin with a third of their bytes. While all of them send the second third, the
secrets of the three schemes change by a reload and the master key is rotated; while they send the last one, all of that changes
once more. Every request is right the first time, without a challenge in between, and every file reads back byte
for byte; the run ends at the first failure. It took ${seconds.toFixed(1)} s, with \`storage.fsync = "ack"\`.

| way | uploads | failed |
| --- | --- | --- |
${rows.join('\n')}
`
await writeFile(values.results, report)
console.log(report)
