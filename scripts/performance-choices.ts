import { markdownTable } from '../bench/markdown-table.ts'
import { type Figures, shown } from './result-figures.ts'
import { rowOf } from './speed-rows.ts'

/** What an operator's choices do to the speed and to the CPU of a request. */
export function choicesTable(choices: Figures): string {
  const rows = choices.list('rows')
  const loads = [...new Set(rows.map((row) => row.text('workload') ?? ''))]
  const setUps = [...new Set(rows.map((row) => row.text('server') ?? ''))]
  return markdownTable(
    ['set-up', ...loads],
    setUps.map((setUp) => [setUp, ...loads.map((load) => cellOf(rowOf(choices, load, setUp)))]),
  )
}

/** A dash for a load that the choice makes no difference to. */
function cellOf(row: Figures | undefined): string {
  const [rate, cpu] = [row?.number('effect'), row?.number('cpuEffect')]
  const known = [
    ...(rate === undefined ? [] : [`× ${shown(rate, 2)}`]),
    ...(cpu === undefined ? [] : [`CPU × ${shown(cpu, 2)}`]),
  ]
  return known.length === 0 ? '–' : known.join(', ')
}
