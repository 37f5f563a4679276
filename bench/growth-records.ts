import { hash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import { openMaintenance } from '../src/app/maintenance.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { systemClock } from '../src/core/clock.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import type { SlotRecord } from '../src/engine/slot-record.ts'
import type { SessionRecord } from '../src/sessions/session-record.ts'
import { sqliteSessions } from '../src/stores/sqlite/session-store.ts'
import { sqliteSlots } from '../src/stores/sqlite/slot-store.ts'
import { openState } from '../src/stores/sqlite/state.ts'
import { BenchFailure } from './failure.ts'
import { type OwnPeer, startOwnServer } from './peers/hmac-file-server.ts'

/** Uploads of one owner that are unfinished at a time: as many as are allowed unless told otherwise. */
const UPLOADS_PER_OWNER = 32

const BODY = Buffer.alloc(1024, 'growth')
const LARGER = 65_536

/** What the server itself stored for one of each; all others of its kind are copies with names of their own. */
export interface Templates {
  readonly file: SlotRecord
  /** Of a file that is gone: its path is never published again. */
  readonly spent: SlotRecord
  readonly unfinished: SlotRecord
  readonly sessions: Readonly<Record<SessionKind, SessionRecord>>
}

export type SessionKind = 'unbound' | 'hmac' | 'dpop'

/** Has a server store one of each, and reads what it wrote. */
export async function makeTemplates(folder: string, signal: AbortSignal): Promise<Templates> {
  {
    await using server = await startOwnServer({ folder, signal }, { fsync: 'never' })
    await send(server, 'file', { body: BODY, size: BODY.length })
    const part = {
      body: BODY,
      size: LARGER,
      headers: { 'Upload-Complete': '?0', 'Upload-Length': String(LARGER) },
    }
    await send(server, 'unbound', part)
    const offer = { 'X-Session-Accept': 'hmac-sha256' }
    await send(server, 'hmac', { ...part, headers: { ...part.headers, ...offer } })
  }
  const found = await templatesIn(path.join(folder, 'state.db'))
  return { ...found, spent: await spentLike(found.file, folder) }
}

/** What is left of a file once it has been removed. */
async function spentLike(file: SlotRecord, folder: string): Promise<SlotRecord> {
  const { config } = loadConfig({
    file: path.join(folder, 'config.toml'),
    env: {},
    flags: [],
    cwd: folder,
  })
  await using maintenance = await openMaintenance(config)
  if (file.path !== '') await maintenance.engine.remove(file.path)
  using state = openState({ path: path.join(folder, 'state.db'), durability: 'normal' })
  const spent = await sqliteSlots(state).find(file.fingerprint)
  if (spent?.state !== 'spent') throw new BenchFailure('The file was not removed.')
  return spent
}

interface Sending {
  readonly body: Uint8Array
  /** Of the whole file. */
  readonly size: number
  readonly headers?: Readonly<Record<string, string>>
}

async function send(server: OwnPeer, name: string, sending: Sending): Promise<void> {
  const { body, size, headers = {} } = sending
  const asked = request({
    host: '127.0.0.1',
    port: server.port,
    method: 'PUT',
    path: server.sign(`${randomLike(name, 0)}/${name}.jpg`, size),
    headers: {
      'User-Agent': 'Conversations/2.17.0 (Android 15)',
      'Content-Type': 'image/jpeg',
      'Content-Length': body.length,
      ...headers,
    },
  })
  asked.end(body)
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  await answer?.resume().toArray()
  if (answer?.statusCode !== 201) {
    throw new BenchFailure(`The ${name} was answered ${answer?.statusCode}, not 201`)
  }
}

async function templatesIn(file: string): Promise<Omit<Templates, 'spent'>> {
  using state = openState({ path: file, durability: 'normal' })
  const slots = await Array.fromAsync(sqliteSlots(state).all())
  const sessions = await sqliteSessions(state).openedBefore(systemClock(), 9)
  const hmac = sessions.find(({ bound }) => bound !== undefined)
  const unbound = sessions.find(({ bound }) => bound === undefined)
  const published = slots.find(({ state: reached }) => reached === 'published')
  const unfinished = slots.find(({ state: reached }) => reached === 'open')
  if (hmac === undefined || unbound === undefined) throw new BenchFailure('A session is missing.')
  if (published === undefined || unfinished === undefined)
    throw new BenchFailure('A slot is missing.')
  return { file: published, unfinished, sessions: { unbound, hmac, dpop: boundByDpop(hmac) } }
}

/** The same session, bound by the key of its client (RFC 9449): it stores a thumbprint and no name of a master key. */
function boundByDpop(session: SessionRecord): SessionRecord {
  const { bound } = session
  if (bound === undefined) return session
  const { kid: _kid, nonceHash: _nonceHash, ...kept } = bound
  return { ...session, bound: { ...kept, key: 'dpop', jkt: fullHash('thumbprint', 0) } }
}

/** Another slot like `template`, the `at`-th of them; the same each time. */
export function slotLike(template: SlotRecord, at: number): SlotRecord {
  const slotPath = parseSlotPath(`${randomLike('path', at)}/photo.jpg`)
  return {
    ...template,
    fingerprint: fingerprintOf(slotPath),
    id: randomLike('file', at),
    path: template.path === '' ? '' : slotPath,
    owner: template.owner === '' ? '' : `romeo-${Math.floor(at / UPLOADS_PER_OWNER)}@example.org`,
    lease: { ...template.lease, id: randomLike('lease', at) },
    uploads: template.uploads.map((upload, number) => ({
      ...upload,
      id: randomLike(`part ${number}`, at),
      ...(upload.resource === undefined ? {} : { resource: fullHash(`resource ${number}`, at) }),
    })),
  }
}

/** Another session like `template`, of the `at`-th slot. */
export function sessionLike(template: SessionRecord, at: number): SessionRecord {
  const slot = fingerprintOf(parseSlotPath(`${randomLike('path', at)}/photo.jpg`))
  const isUnbound = template.bound === undefined
  return { ...template, key: isUnbound ? slot : fullHash('session', at), uploads: [slot] }
}

/** 128 bits that look random and are the same each time. */
function randomLike(kind: string, at: number): string {
  return fullHash(kind, at).slice(0, 22)
}

function fullHash(kind: string, at: number): string {
  return hash('sha256', `${kind} ${at}`, 'base64url')
}
