import type { ClientAddress } from '../../src/core/client-address.ts'
import { fingerprintOf, parseSlotPath } from '../../src/core/slot-path.ts'
import type { SlotRecord, UploadRecord } from '../../src/engine/slot-record.ts'
import { clientAddressOf, clientAddressPolicy } from '../../src/http/client-address.ts'
import type { Exchange } from '../../src/http/exchange.ts'
import type { SealKey } from '../../src/observe/audit-seal.ts'
import { createLog } from '../../src/observe/log.ts'
import type { Log, LogOptions } from '../../src/observe/log.ts'

export const NOON = Date.UTC(2026, 10, 22, 12)

const POLICY = clientAddressPolicy({ source: 'peer', trustedProxies: [] })

function clientAt(address: string): ClientAddress {
  return clientAddressOf({ kind: 'ip', address }, {}, POLICY)
}

export const HOME = clientAt('192.0.2.77')
export const TRAIN = clientAt('198.51.100.9')

export const UPLOAD: UploadRecord = {
  id: 'upload-id',
  generation: 1,
  state: 'receiving',
  durable: 512,
  createdAt: NOON,
  face: 'plain',
}

const PATH = parseSlotPath('abc/photo.jpg')

export const SLOT: SlotRecord = {
  fingerprint: fingerprintOf(PATH),
  id: 'slot-id',
  path: PATH,
  scheme: 'v2',
  user: 'romeo@montague.example',
  owner: 'romeo@montague.example',
  network: HOME.network,
  size: 2048,
  contentType: 'image/jpeg',
  state: 'open',
  openedAt: NOON,
  lease: { epoch: 1, id: 'lease-id' },
  uploads: [UPLOAD],
}

function unanswered(): never {
  throw new Error('nobody answers in this test')
}

/** An exchange of which only the request's head matters; answering it is a mistake of the test. */
export function exchangeOf(
  method: string,
  rawPath: string,
  more: { query?: string; headers?: Exchange['headers'] } = {},
): Exchange {
  return {
    id: 'req-1',
    method,
    target: { rawPath, queryText: more.query ?? '', query: new URLSearchParams(more.query) },
    headers: more.headers ?? {},
    client: HOME,
    body: { pump: unanswered, cut: unanswered },
    contentLength: undefined,
    signal: new AbortController().signal,
    adorn: unanswered,
    reply: unanswered,
    inform: unanswered,
    interimWay: 'none',
    begin: unanswered,
    write: unanswered,
    cut: unanswered,
  }
}

/** A log that keeps what it wrote. */
export function keptLog(options: Partial<LogOptions> = {}): { log: Log; written: () => string } {
  let text = ''
  const log = createLog({
    level: 'trace',
    format: 'json',
    destination: {
      write(line) {
        text += line
      },
    },
    clock: () => NOON,
    ...options,
  })
  const written = (): string => {
    log.flush()
    return text
  }
  return { log, written }
}

/** The key of the chains of tests. */
export const SEAL_KEY: SealKey = { kid: 'key-one', key: Buffer.alloc(32, 7) }

export const sealKey = (): SealKey => SEAL_KEY
