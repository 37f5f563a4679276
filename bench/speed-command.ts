import { openContest, PEERS } from './contest.ts'
import { CUTS, judgeCuts, measureCuts } from './cuts.ts'
import { BenchFailure } from './failure.ts'
import { GENERATOR_CORE, machineFacts, SERVER_CORE } from './machine.ts'
import { measureProfiles } from './profiles.ts'
import { writeResults } from './results-folder.ts'
import type { Settings } from './settings.ts'
import { chosenWorkloads, measureSpeed, type SpeedRun } from './speed.ts'
import { speedChart } from './speed-chart.ts'
import { speedMarkdown, type SpeedResults } from './speed-report.ts'
import { judge, summarize } from './speed-summary.ts'
import { judgeTrickles, measureTrickles, TRICKLE } from './trickle.ts'
import { verdictTable } from './verdict.ts'
import { WORK_FOLDER } from './work-folder.ts'

/** A line on the terminal for a run as it ends. */
export function printRun(run: SpeedRun): void {
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

/** Fails where servers and generator would share a core. */
export function requireTwoCores(): void {
  if (SERVER_CORE === GENERATOR_CORE) {
    throw new BenchFailure('Needs two cores: one for the servers, one for the load generator.')
  }
}

async function measure(settings: Settings): Promise<SpeedResults & { runs: readonly SpeedRun[] }> {
  const { quick, noiseLimit, signal, seed } = settings
  const rounds = settings.rounds ?? (quick ? 1 : 5)
  const workloads = chosenWorkloads(settings.workloads, settings)
  const servers = Object.fromEntries(settings.servers.map((name) => [name, PEERS[name]]))
  const place = { noiseLimit, workFolder: WORK_FOLDER, signal }
  await using contest = await openContest({ servers, quick, ...place })
  const chosen = { rounds, workloads: settings.workloads, onRun: printRun }
  const runs = await measureSpeed(contest, chosen)
  const isChosen = ({ name }: { name: string }): boolean => settings.workloads.includes(name)
  const trickles = isChosen(TRICKLE) ? await measureTrickles(contest) : []
  const cuts = isChosen(CUTS) ? await measureCuts(contest, seed) : []
  const rows = summarize(runs, workloads)
  const verdicts = quick
    ? []
    : [...judge(rows, workloads), ...judgeTrickles(trickles), ...judgeCuts(cuts)]
  const machine = machineFacts()
  return { machine, rounds, noiseLimit, workloads, rows, trickles, cuts, verdicts, runs }
}

async function profile(settings: Settings): Promise<void> {
  const { workloads, quick, seed, signal } = settings
  const chosen = { workloads, quick, seed, signal, workFolder: WORK_FOLDER }
  for (const each of await measureProfiles(chosen)) {
    const { workload, parts } = each
    const json = `${JSON.stringify({ machine: machineFacts(), workload, parts }, null, 2)}\n`
    const files = { cpuprofile: each.profile, svg: each.graph, json }
    writeResults(settings, `profile-${each.workload}`, files)
  }
}

/** Whether the demands were met that could be judged: at full size, beside the servers that they name. */
export async function speed(settings: Settings): Promise<boolean> {
  requireTwoCores()
  const results = await measure(settings)
  const markdown = speedMarkdown(results)
  const json = `${JSON.stringify(results, null, 2)}\n`
  writeResults(settings, 'speed', { md: markdown, json, svg: speedChart(results) })
  if (settings.results === undefined) console.log(`\n${markdown}`)
  if (settings.profile) await profile(settings)
  if (settings.quick) console.log('The demands were not judged: the loads were small.')
  else console.log(`\n${verdictTable(results.verdicts)}`)
  return results.verdicts.every((verdict) => verdict.met)
}
