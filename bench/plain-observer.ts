import type { FileHandle } from 'node:fs/promises'
import { pino } from 'pino'
import { Counter, Histogram, Registry } from 'prom-client'
import { HOME, SLOT } from '../test/observe/samples.ts'
import { redactByEveryRule } from '../test/observe/plain-redaction.ts'

/** What one upload of a size makes an observer do, part by part. */
export interface ObserverParts {
  readonly log: (size: number) => void
  readonly audit: (size: number) => void
  readonly metrics: (size: number) => void
}

/** Lines and numbers as the libraries make them, each line written by itself: what ours is compared with. */
export function plainObserver(
  writeLog: (line: string) => void,
  auditFile: FileHandle,
): ObserverParts {
  const log = pino(
    {
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => writeLog(redactByEveryRule(line)) },
  )
  const slot = { slot: SLOT.fingerprint, user: 'r…@montague.example' }
  return {
    log: (size) =>
      log.info({ ...slot, scheme: 'v2', size, face: 'plain', seconds: 1.5 }, 'file published'),
    audit: auditTo(auditFile, { ...slot, address: HOME.network, scheme: 'v2' }),
    metrics: plainMetrics(),
  }
}

/** The lines of a turn are appended together, by another thread, one append after the other. */
function auditTo(file: FileHandle, slot: object): (size: number) => void {
  let lines: string[] = []
  let appended = Promise.resolve()
  const record = (entry: object): void => {
    lines.push(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
    if (lines.length > 1) return
    setImmediate(() => {
      const text = lines.join('')
      lines = []
      appended = appended.then(async () => await file.appendFile(text))
    })
  }
  return (size) => {
    record({ event: 'opened', ...slot, size })
    record({ event: 'published', ...slot, size, face: 'plain', seconds: 1.5 })
  }
}

function plainMetrics(): (size: number) => void {
  const registers = [new Registry()]
  const counter = (name: string, labelNames: string[] = []): Counter =>
    new Counter({ name, help: name, labelNames, registers })
  const histogram = (name: string, buckets: number[]): Histogram =>
    new Histogram({ name, help: name, buckets, registers })
  const slots = counter('slots', ['scheme'])
  const uploads = counter('uploads', ['face', 'outcome'])
  const requests = counter('requests', ['method', 'status'])
  const bytes = counter('bytes')
  const sizes = histogram('sizes', [16, 64, 256, 1024, 4096, 16_384])
  const durations = histogram('durations', [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
  return (size) => {
    slots.inc({ scheme: 'v2' })
    uploads.inc({ face: 'plain', outcome: 'published' })
    requests.inc({ method: 'PUT', status: '201' })
    bytes.inc(size)
    sizes.observe(size)
    durations.observe(1.5)
  }
}
