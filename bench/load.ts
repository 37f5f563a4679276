import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { FULL, SHORT } from './load-plans.ts'
import { type LoadResult, allRecovered, loadChart, loadHolds, loadMarkdown } from './load-report.ts'
import { measureLoad } from './load-run.ts'
import { openWorkFolder } from './work-folder.ts'

const HELP = `npm run load -- [options]

  What the mission asks of many clients at once: uploads at the same time, clients that change their
  network again and again, uploads that are interrupted at a random byte, clients of tus beside
  @tus/server, and stored sessions. Needs redis-server.

  --short            a few clients for 20 seconds; judges what arrived and no times, writes no report
  --seed N           where the cuts are (1)
  --results FOLDER   where reports go (bench/results)
`

const WORK_FOLDER = path.join(import.meta.dirname, 'work')
const RESULTS_FOLDER = path.join(import.meta.dirname, 'results')
const FORMATTER = path.join(import.meta.dirname, '../node_modules/.bin/oxfmt')

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
    short: { type: 'boolean', default: false },
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
  const result = await measureLoad(
    {
      amounts: values.short ? SHORT : FULL,
      seed: Number(values.seed),
      work,
      signal: stopping.signal,
    },
    (name) => console.log(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${name}`),
  )
  const folder = values.results ?? (values.short ? undefined : RESULTS_FOLDER)
  if (folder !== undefined) writeReport(folder, result)
  console.log(`\n${loadMarkdown(result)}`)
  const holds = values.short ? allRecovered : loadHolds
  process.exitCode = holds(result) ? 0 : 1
}
