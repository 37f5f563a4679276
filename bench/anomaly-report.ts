import { ATTACKS, type AttackName } from './anomaly-attacks.ts'
import { type Trial, scoresOf, shareAbove, thresholdFor } from './anomaly-trial.ts'
import { describeMachine, type MachineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { quantile } from './statistics.ts'

/** The default thresholds of the server. */
const LEVELS = [13, 15] as const

/** Found of the thefts and exfiltrations that the demand is about, at most so many false alarms a commuter-day. */
const DEMAND = { found: 0.95, alarms: 0.001, microseconds: 10 } as const

/** False alarms a commuter-day. */
const ALARMS = [0.0003, 0.001, 0.003, 0.01, 0.03] as const

const THRESHOLDS = [8, 10, 11, 12, 13, 14, 15, 16, 18] as const

/** What was measured. */
export interface AnomalyResults {
  readonly seeds: readonly number[]
  readonly commuters: number
  readonly watchedDays: number
  readonly learningDays: number
  readonly personal: Trial
  readonly forest: Trial
  readonly bytesPerUser: number
}

const NAMES = Object.keys(ATTACKS).filter((word) => isAttack(word))

function isAttack(word: string): word is AttackName {
  return Object.hasOwn(ATTACKS, word)
}

/** Whether the demands are met. */
export function anomalyHolds({ personal }: AnomalyResults): boolean {
  const found = shareAbove(scoresOf(personal, 'demanded'), thresholdFor(personal, DEMAND.alarms))
  return found >= DEMAND.found && quantile(personal.times, 0.5) <= DEMAND.microseconds
}

/** The figures that the report shows, for programs. */
export function anomalyFigures(results: AnomalyResults): object {
  const { personal, forest, ...setting } = results
  return {
    ...setting,
    microseconds: { p50: quantile(personal.times, 0.5), p99: quantile(personal.times, 0.99) },
    personal: { ...rocOf(personal), requests: personal.requests },
    forest: rocOf(forest),
  }
}

function rocOf(trial: Trial): object {
  return {
    commuterDays: trial.days.length,
    roc: ALARMS.map((alarms) => {
      const threshold = thresholdFor(trial, alarms)
      return { alarms, threshold, found: foundAt(trial, threshold) }
    }),
  }
}

function foundAt(trial: Trial, threshold: number): Readonly<Record<string, number>> {
  const kinds = ['demanded', ...NAMES] as const
  return Object.fromEntries(
    kinds.map((kind) => [kind, shareAbove(scoresOf(trial, kind), threshold)]),
  )
}

/** The result as Markdown. */
export function anomalyMarkdown(results: AnomalyResults, machine: MachineFacts): string {
  const { personal, forest, seeds, commuters, learningDays, watchedDays, bytesPerUser } = results
  const threshold = thresholdFor(personal, DEMAND.alarms)
  const found = shareAbove(scoresOf(personal, 'demanded'), threshold)
  return `# Anomalies

${describeMachine(machine)}.

${commuters} commuters, ${learningDays} days to learn and ${watchedDays} that are watched, seeds ${seeds.join(', ')}: ${personal.days.length} commuter-days without an
attack, ${personal.attacks.length} attacks, ${personal.requests} requests. Features, bounds and thresholds were chosen with other seeds. What commuters and attackers do
stands in \`bench/anomaly-commuters.ts\` and \`bench/anomaly-attacks.ts\`. An attack is found if one of its first ten requests is above the
threshold; a false alarm is a day on which any request of a commuter is. Everybody is attacked once, on some day of the second half, which teaches
the server more about attacks than life would.

**Demanded**: ${percent(DEMAND.found)} of thefts and exfiltrations at ${percent(DEMAND.alarms)} false alarms a commuter-day. **Measured**: ${percent(found)}, so the demand is
${found >= DEMAND.found ? 'met' : 'missed'}. Many large files from the victim's own device look like an album until there were more than ten, and who names the
victim's client and takes little is told from a journey by nothing.

## At the default thresholds

${defaultsTable(personal)}

## ROC: found within ten requests, by false alarms a commuter-day

Histograms of each user, as the server has them:

${rocTable(personal)}

Half-space trees over the same features, one forest for everybody:

${rocTable(forest)}

## Precision and recall of thefts and exfiltrations, by threshold

${precisionTable(personal)}

Precision depends on how common attacks are: here one on ${Math.round(personal.days.length / scoresOf(personal, 'demanded').length)} commuter-days.

## Costs

| | p50 | p99 | demanded |
| --- | --- | --- | --- |
| to look and to learn, µs a request | ${quantile(personal.times, 0.5).toFixed(1)} | ${quantile(personal.times, 0.99).toFixed(1)} | ≤ ${DEMAND.microseconds} |

${Math.round(bytesPerUser)} bytes a user, whatever the user does.

![ROC](anomaly.svg)
`
}

function defaultsTable(personal: Trial): string {
  const rows = NAMES.map((name) => [
    ATTACKS[name].title,
    ATTACKS[name].isDemanded ? 'yes' : 'no',
    ...LEVELS.map((level) => percent(shareAbove(scoresOf(personal, name), level))),
  ])
  const alarms = LEVELS.map((level) => percent(shareAbove(personal.days, level)))
  return markdownTable(
    ['', 'demanded', `level 2 (${LEVELS[0]} bits)`, `level 3 (${LEVELS[1]} bits)`],
    [...rows, ['false alarms a commuter-day', '', ...alarms]],
  )
}

function rocTable(trial: Trial): string {
  const thresholds = ALARMS.map((alarms) => thresholdFor(trial, alarms))
  const row = (title: string, kind: AttackName | 'demanded'): string[] => [
    title,
    ...thresholds.map((threshold) => percent(shareAbove(scoresOf(trial, kind), threshold))),
  ]
  const rows = NAMES.map((name) => row(name, name))
  return markdownTable(
    ['false alarms', ...ALARMS.map(percent)],
    [
      ['threshold', ...thresholds.map((threshold) => threshold.toFixed(1))],
      ...rows,
      row('**all that are demanded**', 'demanded'),
    ],
  )
}

function precisionTable(trial: Trial): string {
  const scores = scoresOf(trial, 'demanded')
  const rows = THRESHOLDS.map((threshold) => {
    const hits = scores.filter((score) => score > threshold).length
    const alarms = trial.days.filter((score) => score > threshold).length
    const shares = [hits / Math.max(1, hits + alarms), hits / scores.length]
    return [String(threshold), ...shares.map(percent), percent(alarms / trial.days.length)]
  })
  return markdownTable(['threshold', 'precision', 'recall', 'false alarms a commuter-day'], rows)
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`
}
