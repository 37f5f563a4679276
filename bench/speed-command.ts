import { openContest, PEERS } from './contest.ts'
import { BenchFailure } from './failure.ts'
import { GENERATOR_CORE, machineFacts, SERVER_CORE } from './machine.ts'
import { writeResults } from './results-folder.ts'
import type { Settings } from './settings.ts'
import { chosenWorkloads, measureSpeed, type SpeedRun } from './speed.ts'
import { speedChart } from './speed-chart.ts'
import { speedMarkdown, verdictTable } from './speed-report.ts'
import { judge, summarize } from './speed-summary.ts'
import { WORK_FOLDER } from './work-folder.ts'
import { WORKLOADS } from './workloads.ts'

function printRun(run: SpeedRun): void {
  const { report, usage } = run
  const figures = [
    `${report.megabytesPerSecond.toFixed(0)} MB/s`,
    `${report.requestsPerSecond.toFixed(0)} req/s`,
    `p99 ${report.p99.toFixed(1)} ms`,
    `CPU ${usage.cpuSeconds.toFixed(2)} s`,
    `RSS ${usage.peakRssMiB.toFixed(0)} MiB`,
    `errors ${report.errors}`,
    `foreign ${run.foreignPercent.toFixed(0)} %${run.rejected ? ', again' : ''}`,
  ]
  console.log(`${run.workload} round ${run.round + 1} ${run.server}: ${figures.join(', ')}`)
}

function requireTwoCores(): void {
  if (SERVER_CORE === GENERATOR_CORE) {
    throw new BenchFailure('Needs two cores: one for the servers, one for the load generator.')
  }
}

/** Whether all demands were met; true where not all of them were measured. */
export async function speed(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const { quick, noiseLimit, signal } = settings
  const rounds = settings.rounds ?? (quick ? 1 : 5)
  const workloads = chosenWorkloads(settings.workloads, settings)
  const servers = Object.fromEntries(settings.servers.map((name) => [name, PEERS[name]]))
  await using contest = await openContest({
    servers,
    quick,
    noiseLimit,
    signal,
    workFolder: WORK_FOLDER,
  })
  const chosen = { rounds, workloads: settings.workloads, onRun: printRun }
  const runs = await measureSpeed(contest, chosen)
  const rows = summarize(runs, workloads)
  const verdicts = quick ? [] : judge(rows, workloads)
  const machine = machineFacts()
  const results = { machine, rounds, noiseLimit, workloads, rows, verdicts }
  const markdown = speedMarkdown(results)
  const json = `${JSON.stringify({ ...results, runs }, null, 2)}\n`
  writeResults(settings, 'speed', { md: markdown, json, svg: speedChart(results) })
  if (settings.results === undefined) console.log(`\n${markdown}`)
  const demanded = WORKLOADS.filter((workload) => workload.demand !== undefined)
  if (verdicts.length < demanded.length) {
    console.log('The demands were not judged: not all of their workloads ran at full size.')
    return true
  }
  console.log(`\n${verdictTable(verdicts)}`)
  return verdicts.every((verdict) => verdict.met)
}
