import path from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { systemClock } from '../src/core/clock.ts'
import { type AuditTrail, openAudit } from '../src/observe/audit.ts'
import { engineAudit } from '../src/observe/event-audit.ts'
import { createLog } from '../src/observe/log.ts'
import { SLOT, UPLOAD, sealKey } from '../test/observe/samples.ts'
import { BenchFailure } from './failure.ts'
import { type MachineFacts, describeMachine, machineFacts } from './machine.ts'
import { markdownTable } from './markdown-table.ts'
import { writeResults } from './results-folder.ts'
import type { Settings } from './settings.ts'
import { openWorkFolder, WORK_FOLDER } from './work-folder.ts'

/** Most microseconds that an event may cost the request that it is about. */
const LIMIT = 3

/** Events that happen in one turn of the event loop: one alone, an upload, and servers under load. */
const PER_TURN = [1, 2, 4, 16, 64]

/** What an event costs, in microseconds: the least of all rounds. */
interface AuditCost {
  readonly perTurn: number
  /** Its line is made, while the request waits. */
  readonly recorded: number
  /** It is sealed and written, its share of the head of the chain included, after the turn. */
  readonly written: number
}

interface Amounts {
  readonly rounds: number
  /** Of each round. */
  readonly events: number
  readonly signal: AbortSignal
}

/** Measures what an event of the audit trail costs, reports it, and says whether it is little enough. */
export async function audit(settings: Settings): Promise<boolean> {
  const { signal, quick } = settings
  const amounts = { rounds: settings.rounds ?? (quick ? 1 : 20), events: quick ? 2_000 : 20_000 }
  const rows = await measureAudit({ ...amounts, signal })
  const machine = machineFacts()
  const md = markdown(rows, { ...amounts, machine })
  writeResults(settings, 'audit', {
    md,
    json: `${JSON.stringify({ machine, ...amounts, rows }, null, 2)}\n`,
  })
  console.log(`\n${md}`)
  return quick || rows.every(({ recorded }) => recorded <= LIMIT)
}

/** The kinds take turns, so that what disturbs the machine for a while does not fall on one of them. */
async function measureAudit({ rounds, events, signal }: Amounts): Promise<readonly AuditCost[]> {
  await using folder = await openWorkFolder(WORK_FOLDER)
  const best = new Map<number, AuditCost>()
  for (let round = 0; round < rounds; round += 1) {
    for (const perTurn of PER_TURN) {
      const file = path.join(folder.path, `${round}-${perTurn}.jsonl`)
      await using trail = await openTrail(file)
      const found = await measured(trail, { perTurn, events, signal })
      const before = best.get(perTurn) ?? found
      best.set(perTurn, {
        perTurn,
        recorded: Math.min(before.recorded, found.recorded),
        written: Math.min(before.written, found.written),
      })
    }
  }
  return [...best.values()]
}

async function openTrail(file: string): Promise<AuditTrail> {
  const destination = { write: () => undefined }
  return await openAudit({
    file,
    clock: systemClock,
    log: createLog({ level: 'info', format: 'json', destination, clock: systemClock }),
    sealKey,
    onLost(lines) {
      throw new BenchFailure(`${lines} audit lines are lost`)
    },
  })
}

async function measured(
  trail: AuditTrail,
  { perTurn, events, signal }: Pick<Amounts, 'events' | 'signal'> & { readonly perTurn: number },
): Promise<AuditCost> {
  const audited = engineAudit({ record: trail.record }, { address: 'prefix' })
  let [recorded, written] = [0, 0]
  for (let event = 0; event < events; event += perTurn) {
    const startedAt = performance.now()
    for (let size = event; size < event + perTurn; size += 1) {
      audited.published({ ...SLOT, size }, UPLOAD, 1.5)
    }
    const recordedAt = performance.now()
    trail.flush()
    written += performance.now() - recordedAt
    recorded += recordedAt - startedAt
    if (event % 4096 === 0) await turn(undefined, { signal })
  }
  const microseconds = 1000 / events
  return { perTurn, recorded: recorded * microseconds, written: written * microseconds }
}

function markdown(
  rows: readonly AuditCost[],
  {
    machine,
    rounds,
    events,
  }: Pick<Amounts, 'rounds' | 'events'> & { readonly machine: MachineFacts },
): string {
  const table = markdownTable(
    ['events in a turn', 'recorded µs', 'to reach', 'sealed and written µs', 'together µs'],
    rows.map(({ perTurn, recorded, written }) => [
      String(perTurn),
      recorded.toFixed(2),
      `≤ ${LIMIT}`,
      written.toFixed(2),
      (recorded + written).toFixed(2),
    ]),
  )
  return `# Audit

${describeMachine(machine)}.

Wall time of an event, of ${rounds * events}; the least of ${rounds} rounds of ${events}, because the machine is shared with other work.

${table}

Recorded: the line is made while its request is under way. Sealed and written: when the turn of the event loop is over, for all
its lines at once, with the head of the chain; two calls of the system.
`
}
