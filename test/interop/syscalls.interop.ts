/**
 * What our server asks the operating system for, and in which order, before it says 201: read from
 * a trace of the running process, whatever thread makes a call.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startFileServer } from './file-server.ts'
import { put } from './http-client.ts'
import { signedUrl } from './signed-url.ts'
import { SYNCS, type SystemCall, parseTrace, systemCallsDuring } from './system-calls.ts'

type Matches = (call: SystemCall) => boolean

const MIB = 1024 * 1024

/** More than what starts a commit in the middle of an upload. */
const LONG = 40 * MIB

const REQUEST = calls(/^read$/u, /"PUT \/upload\//u)
const PART_WRITE = calls(/^p?write/u, /\/parts\//u)
const PART_SYNC = calls(/^fdatasync$/u, /\/parts\//u)
/** How a part gets the name of a file: a first upload's becomes it, another's gets a second name. */
const NAMED = calls(/^(?:link|rename)(?:at2?)?$/u, /\/parts\/.*\/files\/\w\w\//u)
const FOLDER_SYNC = calls(/^fsync$/u, /\/files\/files\/\w\w>/u)
const LOG_WRITE = calls(/^p?write/u, /\/state\.db-wal>/u)
const LOG_SYNC = calls(/^f(data)?sync$/u, /\/state\.db-wal>/u)
const REPLY = calls(/^(write|send)/u, /"HTTP\/1\.1 201 /u)
const ANY_SYNC = calls(SYNCS, /(?:)/u)

function calls(name: RegExp, args: RegExp): Matches {
  return (call) => name.test(call.name) && args.test(call.arguments)
}

/** The calls of one upload of `size` bytes, from the request's first read on. */
async function traceOfUpload(fsync: string, size: number): Promise<readonly SystemCall[]> {
  await using server = await startFileServer({ config: { storage: { fsync } } })
  const url = signedUrl(server, `trace/${fsync}.bin`, size)
  const body = randomBytes(size)
  const all = await systemCallsDuring(server.program.pid, async () => {
    assert.equal((await put(url, body)).status, 201)
  })
  const first = all.findIndex(REQUEST)
  assert.notEqual(first, -1, 'the request was not seen')
  return all.slice(first).filter((call) => !call.failed)
}

function only(trace: readonly SystemCall[], matches: Matches): SystemCall {
  const [found, ...more] = trace.filter(matches)
  assert.ok(found !== undefined && more.length === 0, `not exactly one:\n${shown(trace)}`)
  return found
}

function last(trace: readonly SystemCall[], matches: Matches): SystemCall {
  const found = trace.findLast(matches)
  assert.ok(found !== undefined, `none at all:\n${shown(trace)}`)
  return found
}

/** The first such call that begins after `earlier` has ended. */
function then(trace: readonly SystemCall[], earlier: SystemCall, matches: Matches): SystemCall {
  const found = trace.find((call) => call.beganAt > earlier.endedAt && matches(call))
  assert.ok(found !== undefined, `nothing after ${earlier.name}:\n${shown(trace)}`)
  return found
}

function shown(trace: readonly SystemCall[]): string {
  return trace
    .filter(({ name }) => name !== 'read')
    .map((call) => `${call.beganAt}–${call.endedAt} ${call.name}(${call.arguments})`)
    .join('\n')
}

function assertDurableOrder(trace: readonly SystemCall[]): void {
  const synced = then(trace, last(trace, PART_WRITE), PART_SYNC)
  const named = only(trace, NAMED)
  const reply = only(trace, REPLY)
  assert.ok(named.beganAt > synced.endedAt, `named before it was synced:\n${shown(trace)}`)
  const folder = then(trace, named, FOLDER_SYNC)
  const recorded = then(trace, folder, LOG_WRITE)
  const committed = then(trace, recorded, LOG_SYNC)
  assert.ok(reply.beganAt > committed.endedAt, `told before it was durable:\n${shown(trace)}`)
}

/** How often a long upload's part is synced before its last byte is written. */
async function earlySyncs(fsync: string): Promise<number> {
  const trace = await traceOfUpload(fsync, LONG)
  assertDurableOrder(trace)
  const { beganAt } = last(trace, PART_WRITE)
  return trace.filter((call) => PART_SYNC(call) && call.beganAt < beganAt).length
}

test('calls that overlap on two threads keep the moments they began and ended', () => {
  const trace = parseTrace(
    [
      '7 fdatasync(21</d/parts/0a/x> <unfinished ...>',
      '6 read(22<TCP:[1->2]>, "PUT", 65536) = 3',
      '7 <... fdatasync resumed>)       = 0',
      '6 link("/d/parts/0a/x", "/d/files/0b/y") = -1 EEXIST (File exists)',
      '6 write(22<TCP:[1->2]>, "HTTP", 4 <detached ...>',
      '6 +++ exited with 0 +++',
    ].join('\n'),
  )
  const facts = trace.map(({ name, beganAt, endedAt, failed }) => [name, beganAt, endedAt, failed])
  assert.deepEqual(facts, [
    ['fdatasync', 0, 2, false],
    ['read', 1, 1, false],
    ['link', 3, 3, true],
    ['write', 4, Infinity, false],
  ])
  assert.ok(trace[0] !== undefined && PART_SYNC(trace[0]))
})

for (const fsync of ['ack', 'complete']) {
  test(`fsync = "${fsync}": bytes, name and record are durable, in this order, before 201`, async () => {
    assertDurableOrder(await traceOfUpload(fsync, 300_000))
  })

  test(`fsync = "${fsync}": an empty file is as durable as any other`, async () => {
    const trace = await traceOfUpload(fsync, 0)
    const named = then(trace, only(trace, PART_SYNC), NAMED)
    const committed = then(trace, then(trace, named, FOLDER_SYNC), LOG_SYNC)
    assert.ok(only(trace, REPLY).beganAt > committed.endedAt, shown(trace))
  })
}

test('fsync = "never": nothing is synced between request and 201', async () => {
  const trace = await traceOfUpload('never', 300_000)
  const named = then(trace, last(trace, PART_WRITE), NAMED)
  const reply = then(trace, then(trace, named, LOG_WRITE), REPLY)
  const syncs = trace.filter((call) => ANY_SYNC(call) && call.beganAt < reply.beganAt)
  assert.deepEqual(syncs, [])
})

test('only fsync = "ack" syncs the part while the upload is still under way', async () => {
  assert.ok((await earlySyncs('ack')) > 0)
  assert.equal(await earlySyncs('complete'), 0)
})
