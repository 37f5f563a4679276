/**
 * What it costs to observe one upload: log line, audit lines, metrics, and writing them; each part
 * beside the plain way to do it. Run: node bench/observe.ts
 */
import { openSync, writeSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { systemClock } from '../src/core/clock.ts'
import { openAudit } from '../src/observe/audit.ts'
import { engineAudit } from '../src/observe/event-audit.ts'
import { engineLog } from '../src/observe/event-log.ts'
import { createLog } from '../src/observe/log.ts'
import type { Log } from '../src/observe/log.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { type Observer, observer } from '../src/observe/observer.ts'
import { HOME, SLOT, UPLOAD, exchangeOf, sealKey } from '../test/observe/samples.ts'
import { plainObserver } from './plain-observer.ts'

const ROUNDS = 15
const UPLOADS = 4_000
const PER_TURN = [1, 4, 16]
const PRIVACY = { address: 'prefix' } as const
const EXCHANGE = exchangeOf('PUT', 'abc/photo.jpg')
const OUTCOME = { status: 201, milliseconds: 3 }

await using opened = new AsyncDisposableStack()
const folder = await mkdtemp(join(tmpdir(), 'observe-'))
opened.defer(async () => await rm(folder, { recursive: true }))
const logFile = openSync(join(folder, 'log'), 'a')

function logTo(write: (lines: string) => void): Log {
  return createLog({ level: 'info', format: 'json', destination: { write }, clock: systemClock })
}

const silent = logTo(() => undefined)
const fileLog = logTo((lines) => writeSync(logFile, lines))
const audit = opened.use(
  await openAudit({
    file: join(folder, 'audit'),
    clock: systemClock,
    log: silent,
    sealKey,
    onLost: (lines) => {
      throw new Error(`${lines} audit lines are lost`)
    },
  }),
)
const classOfNetwork = (): undefined => undefined
const metrics = createMetrics({
  build: { version: '1', node: '24', commit: 'unknown' },
  waitingReaders: () => 0,
  sessions: () => 0,
  freeBytes: async () => await Promise.resolve(1),
  classOfNetwork,
})
const logged = engineLog(silent, PRIVACY)
const audited = engineAudit({ record: audit.record }, PRIVACY)
using observing = observer({ log: fileLog, audit, metrics, privacy: PRIVACY, classOfNetwork })
const all = uploadOf(observing)
const auditFile = opened.use(await open(join(folder, 'plain-audit'), 'a'))
const plain = plainObserver((line) => writeSync(logFile, line), auditFile)
const plainSilent = plainObserver(() => undefined, auditFile)

await compare('log line, unwritten', UPLOADS, {
  plain: plainSilent.log,
  ours: (size) => logged.published({ ...SLOT, size }, UPLOAD, 1.5),
})
await compare('metrics', UPLOADS, { plain: plain.metrics, ours: uploadOf(metrics) })
for (const perTurn of PER_TURN) {
  await compare(`two audit lines, ${perTurn} uploads in a turn`, perTurn, {
    plain: plain.audit,
    ours(size) {
      audited.slotOpened({ ...SLOT, size }, HOME)
      audited.published({ ...SLOT, size }, UPLOAD, 1.5)
    },
  })
}
for (const perTurn of PER_TURN) {
  await compare(`everything, ${perTurn} uploads in a turn`, perTurn, {
    plain(size) {
      plain.log(size)
      plain.audit(size)
      plain.metrics(size)
    },
    ours: all,
  })
}

/** What the server tells of an upload of a size. */
function uploadOf({
  engineEvents,
  httpEvents,
}: Omit<Observer, typeof Symbol.dispose>): (size: number) => void {
  return (size) => {
    const slot = { ...SLOT, size }
    engineEvents.slotOpened(slot, HOME)
    engineEvents.published(slot, UPLOAD, 1.5)
    httpEvents.finished(EXCHANGE, OUTCOME)
  }
}

async function compare(
  part: string,
  perTurn: number,
  ways: { plain: (size: number) => void; ours: (size: number) => void },
): Promise<void> {
  const figures: string[] = []
  for (const way of [ways.plain, ways.ours]) {
    figures.push((await cost(way, perTurn)).toFixed(2).padStart(7))
  }
  console.log(`${part.padEnd(36)} plain ${figures.join('   ours ')}   µs per upload`)
}

/** CPU time of all threads, in microseconds: the least of several rounds, for the machine is shared. */
async function cost(upload: (size: number) => void, perTurn: number): Promise<number> {
  const rounds: number[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage()
    for (let size = 1; size <= UPLOADS; size += 1) {
      upload(size)
      if (size % perTurn === 0) await turn()
    }
    const { user, system } = process.cpuUsage(before)
    rounds.push((user + system) / UPLOADS)
  }
  return Math.min(...rounds)
}

async function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  await promise
}
