import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, statSync } from 'node:fs'
import { Agent, type IncomingMessage, request } from 'node:http'
import path from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { openMaintenance } from '../src/app/maintenance.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { systemClock, systemStopwatch } from '../src/core/clock.ts'
import type { SlotRecord } from '../src/engine/slot-record.ts'
import { BenchFailure } from './failure.ts'
import { CONTENT, type DiskUse, diskUse, openBytes, storeBytes } from './growth-bytes.ts'
import { slotLike, type Templates } from './growth-records.ts'
import { type Span, type StoredKind, storeMany, withState } from './growth-stores.ts'
import { type OwnPeer, startOwnServer } from './peers/hmac-file-server.ts'
import { endedChildrenCpuSeconds, residentMiB, usedCpuSeconds } from './process-accounting.ts'
import { median } from './statistics.ts'

/** Slots that expire together. */
const SWEPT = 100
/** Numbers of slots that are there to expire, beyond all others. */
const DUE_FROM = 100_000_000

const ENTRY = path.join(import.meta.dirname, '../bin/hmac-file-server.js')

/** Of a kind, how many are stored at each step, and what is measured each time. */
export interface ServerGrowthOptions {
  readonly kind: StoredKind
  readonly templates: Templates
  readonly counts: readonly number[]
  /** The first so many have bytes as well; what comes after is a record alone. */
  readonly withBytes: number
  readonly starts: number
  readonly requests: number
  readonly folder: string
  readonly signal: AbortSignal
}

/** What something takes, in milliseconds. */
export interface Effort {
  /** Of CPU, which others on the machine change least. */
  readonly cpu: number
  /** From begin to end; a median. */
  readonly wall: number
}

/** A server that has so many objects. */
export interface ServerAt {
  readonly objects: number
  /** Of the state file, once its log is in it. */
  readonly stateBytes: number
  /** Absent where records have no bytes. */
  readonly disk?: DiskUse
  readonly residentMiB: number
  /** From the start of the process until it listens; looked at every 50 ms. */
  readonly start: Effort
  readonly put: Effort
  readonly get: Effort
  readonly commands?: Commands
}

/** What an operator's commands, and retention, take; each command is a process of its own. */
export interface Commands {
  readonly list: Effort
  readonly collect: Effort
  /** One batch of {@link SWEPT} slots that have expired, with their files. */
  readonly sweep: Effort
}

/** Lets one server's stores grow, and measures it at each step. */
export async function serverGrowth(options: ServerGrowthOptions): Promise<readonly ServerAt[]> {
  const { counts, folder } = options
  mkdirSync(path.join(folder, 'files'), { recursive: true })
  const steps: ServerAt[] = []
  let from = 0
  for (const to of counts) {
    options.signal.throwIfAborted()
    await fill(options, { from, to })
    steps.push(await measureAt(to, options))
    from = to
  }
  return steps
}

async function fill(options: ServerGrowthOptions, span: Span): Promise<void> {
  const { kind, templates, withBytes, folder } = options
  await withState(stateOf(folder), async (storage) => await storeMany(storage, options, span))
  if (kind !== 'file' && kind !== 'unfinished') return
  const to = Math.min(span.to, withBytes)
  await using blobs = await openBytes(filesOf(folder))
  for (let at = span.from; at < to; at += 1) {
    await storeBytes(blobs, slotLike(templates[kind], at), filesOf(folder))
  }
}

async function measureAt(objects: number, options: ServerGrowthOptions): Promise<ServerAt> {
  const { folder, kind, withBytes } = options
  const stateBytes = statSync(stateOf(folder)).size
  const hasBytes = objects <= withBytes && (kind === 'file' || kind === 'unfinished')
  const disk = hasBytes ? { disk: diskUse(filesOf(folder)) } : {}
  const served = await measureServing(options)
  const commands = kind === 'file' ? { commands: await measureCommands(options) } : {}
  return { objects, stateBytes, ...disk, ...served, ...commands }
}

type Served = Pick<ServerAt, 'residentMiB' | 'start' | 'put' | 'get'>

async function measureServing(options: ServerGrowthOptions): Promise<Served> {
  const { folder, signal, starts, requests } = options
  const set = ['session_store.max_sessions=1000000']
  const runs: Served[] = []
  for (let run = 0; run < starts; run += 1) {
    const startedAt = systemStopwatch()
    await using server = await startOwnServer({ folder, signal }, { fsync: 'never', set })
    const wall = systemStopwatch() - startedAt
    const start = { wall, cpu: 1000 * usedCpuSeconds(server.pid) }
    const resident = residentMiB(server.pid)
    runs.push({ start, residentMiB: resident, ...(await measureRequests(server, requests)) })
  }
  const middle = (value: (served: Served) => Effort): Effort => medianEffort(runs.map(value))
  return {
    start: middle(({ start }) => start),
    residentMiB: median(runs.map((served) => served.residentMiB)),
    put: middle(({ put }) => put),
    get: middle(({ get }) => get),
  }
}

function medianEffort(efforts: readonly Effort[]): Effort {
  return {
    cpu: median(efforts.map(({ cpu }) => cpu)),
    wall: median(efforts.map(({ wall }) => wall)),
  }
}

/** Small files on one connection, one after the other, after as many that warm the server up. */
async function measureRequests(
  server: OwnPeer,
  requests: number,
): Promise<Pick<Served, 'put' | 'get'>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const slots = Array.from({ length: 2 * requests }, (_, at) => `${server.pid}/${at}.jpg`)
  const puts = slots.map((slot) => {
    return { method: 'PUT', path: server.sign(slot, CONTENT.length), status: 201 }
  })
  const gets = slots.map((slot) => ({ method: 'GET', path: `/${slot}`, status: 200 }))
  const all = { server, agent }
  await effortOf(puts.slice(0, requests), all)
  const put = await effortOf(puts.slice(requests), all)
  await effortOf(gets.slice(0, requests), all)
  const get = await effortOf(gets.slice(requests), all)
  agent.destroy()
  return { put, get }
}

/** Of each request. */
async function effortOf(
  askings: readonly Asking[],
  connection: { readonly server: OwnPeer; readonly agent: Agent },
): Promise<Effort> {
  const { pid } = connection.server
  const before = usedCpuSeconds(pid)
  const times: number[] = []
  for (const asking of askings) times.push(await timed(asking, connection))
  return { cpu: (1000 * (usedCpuSeconds(pid) - before)) / askings.length, wall: median(times) }
}

interface Asking {
  readonly method: string
  readonly path: string
  readonly status: number
}

async function timed(
  { method, path: target, status }: Asking,
  { server, agent }: { readonly server: OwnPeer; readonly agent: Agent },
): Promise<number> {
  const startedAt = systemStopwatch()
  const body = method === 'PUT' ? CONTENT : ''
  const fields = { 'Content-Type': 'image/jpeg', 'Content-Length': CONTENT.length }
  const headers = body === '' ? {} : fields
  const asked = request({
    host: '127.0.0.1',
    port: server.port,
    agent,
    method,
    path: target,
    headers,
  })
  asked.end(body)
  const [answer]: IncomingMessage[] = await once(asked, 'response')
  await answer?.resume().toArray()
  if (answer?.statusCode !== status) {
    throw new BenchFailure(`${method} was answered ${answer?.statusCode}, not ${status}`)
  }
  return systemStopwatch() - startedAt
}

async function measureCommands(options: ServerGrowthOptions): Promise<Commands> {
  const { folder, starts } = options
  const sweeps: Effort[] = []
  for (let run = 0; run < starts; run += 1) sweeps.push(await timedSweep(options))
  return {
    list: await commandEffort(['files', 'list', '--sort', 'none'], folder),
    collect: await commandEffort(['gc', '--dry-run'], folder),
    sweep: medianEffort(sweeps),
  }
}

async function commandEffort(words: readonly string[], folder: string): Promise<Effort> {
  const [startedAt, before] = [systemStopwatch(), endedChildrenCpuSeconds()]
  const args = [ENTRY, ...words, '--config', configOf(folder)]
  await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 30 })
  const cpu = 1000 * (endedChildrenCpuSeconds() - before)
  return { cpu, wall: systemStopwatch() - startedAt }
}

/** Lets slots expire that are stored for it, and times one sweep of retention. */
async function timedSweep({ templates, folder, signal }: ServerGrowthOptions): Promise<Effort> {
  const now = systemClock()
  const expired: SlotRecord = { ...templates.file, fileExpiresAt: now, dueAt: now }
  const due = { ...templates, file: expired }
  const span = { from: DUE_FROM + now, to: DUE_FROM + now + SWEPT }
  await withState(stateOf(folder), async (storage) => {
    await storeMany(storage, { kind: 'file', templates: due }, span)
  })
  await storeSpan(expired, span, folder)
  const { config } = loadConfig({ file: configOf(folder), env: {}, flags: [], cwd: folder })
  await using maintenance = await openMaintenance(config)
  const [startedAt, before] = [systemStopwatch(), process.cpuUsage()]
  const swept = await maintenance.engine.sweep(signal)
  const { user, system } = process.cpuUsage(before)
  const took = { cpu: (user + system) / 1000, wall: systemStopwatch() - startedAt }
  if (swept < SWEPT) throw new BenchFailure(`Of ${SWEPT} expired files ${swept} were swept.`)
  return took
}

async function storeSpan(record: SlotRecord, { from, to }: Span, folder: string): Promise<void> {
  await using blobs = await openBytes(filesOf(folder))
  for (let at = from; at < to; at += 1) {
    await storeBytes(blobs, slotLike(record, at), filesOf(folder))
  }
}

function stateOf(folder: string): string {
  return path.join(folder, 'state.db')
}

function filesOf(folder: string): string {
  return path.join(folder, 'files')
}

function configOf(folder: string): string {
  return path.join(folder, 'config.toml')
}
