import { markdownTable } from '../bench/markdown-table.ts'
import { BASE, FLOOR, OURS } from '../bench/server-names.ts'
import { type Figures, shown } from './result-figures.ts'
import { cpuOf, rowOf, titleOf } from './speed-rows.ts'

/** Which part of the distance to nginx is Node.js, and which is ours; nothing where the least was not measured. */
export function floorTable(speed: Figures): string | undefined {
  const workloads = speed.list('workloads').map(titleOf)
  const rows = workloads
    .filter(({ name }) => rowOf(speed, name, FLOOR) !== undefined)
    .map(({ name, title, unit }) => {
      const [own, floor, base] = [OURS, FLOOR, BASE].map((server) => rowOf(speed, name, server))
      return [
        title,
        shown(floor?.number('ratio'), 2),
        shown(own?.number('floorRatio'), 2),
        shown(own?.number('ratio'), 2),
        ...[own, floor, base].map((row) => cpuOf(row, unit)),
      ]
    })
  const ratios = ['bare Node.js, × nginx', `${OURS}, × bare Node.js`, `${OURS}, × nginx`]
  const cpu = [OURS, 'bare Node.js', BASE].map((server) => `CPU of ${server}`)
  return rows.length === 0 ? undefined : markdownTable(['load', ...ratios, ...cpu], rows)
}
