import { type Figures, shown } from './result-figures.ts'

/** The row of a server under a load, among results that hold such rows. */
export function rowOf(results: Figures, workload: string, server: string): Figures | undefined {
  return results
    .list('rows')
    .find((row) => row.text('workload') === workload && row.text('server') === server)
}

/** A load's short name, its name with what it is, and the unit of its rates. */
export function titleOf(workload: Figures): Readonly<Record<'name' | 'title' | 'unit', string>> {
  const [name = '', title = '', unit = ''] = ['name', 'title', 'unit'].map((field) =>
    workload.text(field),
  )
  return { name, title: `${name}: ${title}`, unit }
}

/** CPU of a request, or of a GiB where the load is compared by its bytes. */
export function cpuOf(row: Figures | undefined, unit: string): string {
  return unit === 'req/s'
    ? shown(row?.number('cpuMicrosecondsPerRequest'), 0, 'µs/req')
    : shown(row?.number('cpuSecondsPerGiB'), 2, 's/GiB')
}
