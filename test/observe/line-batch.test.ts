import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import test from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createLog } from '../../src/observe/log.ts'
import type { Log, LogDestination } from '../../src/observe/log.ts'
import { NOON } from './samples.ts'

function recorded(): { readonly writes: string[]; readonly log: () => Log } {
  const writes: string[] = []
  const destination: LogDestination = { write: (lines) => writes.push(lines) }
  return {
    writes,
    log: () => createLog({ level: 'info', format: 'json', destination, clock: () => NOON }),
  }
}

function messages(lines: string): unknown[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => Reflect.get(Object(JSON.parse(line)), 'msg'))
}

test('the lines of one turn are one write, in order', async () => {
  const { writes, log } = recorded()
  const told = log()
  told.info('one')
  told.warn('two')
  assert.deepEqual(writes, [])
  await nextTurn()
  told.info('three')
  await nextTurn()
  assert.deepEqual(writes.map(messages), [['one', 'two'], ['three']])
})

test('an error is written at once, after the lines before it', () => {
  const { writes, log } = recorded()
  const told = log()
  told.info('one')
  told.error('two')
  told.fatal('three')
  assert.deepEqual(writes.map(messages), [['one', 'two'], ['three']])
})

test('two logs of one destination keep the order of their lines', async () => {
  const { writes, log } = recorded()
  const [mine, yours] = [log(), log()]
  mine.info('one')
  yours.info('two')
  mine.info('three')
  await nextTurn()
  assert.deepEqual(writes.map(messages), [['one', 'two', 'three']])
})

test('a turn that logs without end is written in pieces', () => {
  const { writes, log } = recorded()
  const told = log()
  for (let line = 0; line < 1000; line += 1) told.info({ line }, 'x'.repeat(1000))
  assert.ok(writes.length > 10, `${writes.length} writes`)
})

const ROOM = JSON.stringify(new URL('../../src/observe/', import.meta.url).href)

/** What a program of its own writes on standard error. */
function stderrOf(program: string): string {
  const flags = ['--input-type=module', '--eval', program]
  return spawnSync(process.execPath, flags, { encoding: 'utf8' }).stderr
}

test('a destination that fails takes no other lines along', () => {
  const stderr = stderrOf(`
    const { createLog } = await import(${ROOM} + 'log.ts')
    const write = () => { throw new Error('the destination is gone') }
    const logTo = (destination) =>
      createLog({ level: 'info', format: 'json', destination, clock: () => ${NOON} })
    process.on('uncaughtException', ({ message }) => process.stderr.write(message + '\\n'))
    logTo({ write }).info('unheard')
    logTo(process.stderr).info('heard')
  `)
  assert.match(stderr, /"msg":"heard"\}\n/u)
  assert.match(stderr, /the destination is gone/u)
})

/** A program that tells two things, in one turn with its end. */
function programEndingBy(end: string, auditFile: string): string {
  return `
    const { createLog } = await import(${ROOM} + 'log.ts')
    const { openAudit } = await import(${ROOM} + 'audit.ts')
    const clock = () => ${NOON}
    const log = createLog({ level: 'info', format: 'json', destination: process.stderr, clock })
    const onLost = () => {}
    const sealKey = () => ({ kid: 'one', key: Buffer.alloc(32) })
    const audit = await openAudit({ file: ${JSON.stringify(auditFile)}, clock, log, sealKey, onLost })
    log.info('last words')
    audit.record({ event: 'published' })
    ${end}
  `
}

for (const [how, end] of [
  ['process.exit', 'process.exit(3)'],
  ['an uncaught error', "throw new Error('a bug')"],
  ['an error in a callback', "process.nextTick(() => { throw new Error('a bug') })"],
  ['nothing left to do', ''],
] as const) {
  test(`no line is lost when the process ends by ${how}`, async () => {
    await using cleanup = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'batch-'))
    cleanup.defer(async () => await rm(folder, { recursive: true }))
    const file = join(folder, 'audit.jsonl')
    const stderr = stderrOf(programEndingBy(end, file))
    assert.match(stderr, /"msg":"last words"/u)
    assert.match(await readFile(file, 'utf8'), /"event":"published"/u)
    if (end.includes('bug'))
      assert.ok(stderr.indexOf('last words') < stderr.indexOf('Error: a bug'))
  })
}
