import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { linesIn, trailFolder, verified } from './written-trail.ts'

const WRITER = new URL('./full-disk-writer.ts', import.meta.url).pathname

/** Runs the writer with files that can grow to 4 KiB only: a write that comes there is done in part. */
async function writeUntilFull(file: string): Promise<number> {
  // Under the limit a report of the coverage, or compiled code, could not be written either.
  const command = 'unset NODE_V8_COVERAGE NODE_COMPILE_CACHE; ulimit -f 8; exec "$0" "$@"'
  const args = ['-c', command, process.execPath, WRITER, file]
  const { stdout } = await promisify(execFile)('/bin/sh', args, { timeout: 20_000 })
  return Number(stdout)
}

test('a trail that a full disk cut within a line is proved, and says how many lines are lost', async () => {
  await using trail = await trailFolder()
  const lost = await writeUntilFull(trail.file)
  assert.ok(lost >= 10, `${lost} lines are lost`)
  const { verdict, kinds } = await verified(trail.file)
  assert.deepEqual(kinds, [])
  assert.deepEqual([verdict.lost, verdict.torn, verdict.chains, verdict.open], [lost, 1, 2, 1])
})

test('a line less is found where a full disk cut a trail', async () => {
  await using trail = await trailFolder()
  await writeUntilFull(trail.file)
  const lines = await linesIn(trail.file)
  assert.ok(lines.length > 2)
  for (const at of lines.keys()) {
    await trail.write(lines.toSpliced(at, 1))
    assert.notDeepEqual((await verified(trail.file)).kinds, [], `without line ${at + 1}`)
  }
})
