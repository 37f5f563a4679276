import type { Io } from '../io.ts'
import { type Tone, paint } from '../paint.ts'
import { printable } from '../printable-text.ts'
import type { Result } from './examination.ts'
import type { Finding } from './finding.ts'

const TONES: Readonly<Record<Finding['kind'], Tone>> = {
  ok: 'good',
  note: 'heading',
  warning: 'warning',
  failed: 'bad',
  skipped: 'heading',
}

/** In the order of the last line. */
const KINDS = ['ok', 'note', 'warning', 'failed', 'skipped'] as const

const KIND_WIDTH = 9
const NAME_WIDTH = 12
const INDENT = ' '.repeat(KIND_WIDTH)

/** One line of the table, and below it what helps. */
export function resultText({ check, finding }: Result, io: Io): string {
  const { kind, text, remedies } = printableFinding(finding)
  const mark = paint(kind, TONES[kind], io) + ' '.repeat(KIND_WIDTH - kind.length)
  const lines = remedies.flatMap(({ where, lines: paste }) => [
    `${INDENT}→ ${where}:`,
    ...paste.map((line) => `${INDENT}    ${line}`),
  ])
  return [`${mark}${check.name.padEnd(NAME_WIDTH)}${text}`, ...lines, ''].join('\n')
}

/** Without what a terminal would obey or hide: much of it is what others answered. */
function printableFinding({ kind, text, remedies }: Finding): Finding {
  return {
    kind,
    text: printable(text),
    remedies: remedies.map(({ where, lines }) => ({
      where: printable(where),
      lines: lines.map(printable),
    })),
  }
}

/** The last lines: how many of each kind, and what nobody knows because it was not tried. */
export function summaryText(results: readonly Result[], io: Io): string {
  const shown = KINDS.flatMap((kind) => {
    const { length } = results.filter(({ finding }) => finding.kind === kind)
    return length === 0 ? [] : [`${length} ${kind}`]
  })
  const untried = untriedIn(results)
  const left = untried.length === 0 ? '' : `Not tried: ${untried.join(', ')}\n`
  return `\n${verdictOn(results, io)}: ${shown.join(', ')}\n${left}`
}

function verdictOn(results: readonly Result[], io: Io): string {
  if (!isAllWell(results)) return paint('Something is wrong', 'bad', io)
  const isComplete = untriedIn(results).length === 0
  return isComplete
    ? paint('All is well', 'good', io)
    : paint('Nothing wrong was found', 'heading', io)
}

function untriedIn(results: readonly Result[]): readonly string[] {
  return results.filter(({ finding }) => finding.kind === 'skipped').map(({ check }) => check.name)
}

/** Everything as one JSON object. */
export function reportJson(publicUrl: URL, results: readonly Result[]): string {
  const checks = results.map(({ check, finding }) => ({
    name: check.name,
    ...printableFinding(finding),
  }))
  const complete = untriedIn(results).length === 0
  const report = { ok: isAllWell(results), complete, url: publicUrl.href, checks }
  return `${JSON.stringify(report, null, 2)}\n`
}

/** Warnings are no failures. */
export function isAllWell(results: readonly Result[]): boolean {
  return results.every(({ finding }) => finding.kind !== 'failed')
}
