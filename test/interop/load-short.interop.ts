import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { SHORT } from '../../bench/load-plans.ts'
import { allRecovered, loadChart, loadMarkdown } from '../../bench/load-report.ts'
import { measureLoad } from '../../bench/load-run.ts'
import { openWorkFolder } from '../../bench/work-folder.ts'

test('of the short load every upload arrives, nothing that was read is sent again, and idle sessions stay small', async (t) => {
  await using work = await openWorkFolder(tmpdir())
  const run = { amounts: SHORT, seed: 7, work, signal: t.signal }
  const result = await measureLoad(run, (name) => t.diagnostic(name))
  const { parts, tus, stored, memory } = result
  assert.deepEqual(
    parts.map(({ name, uploads, recovered, sentAgain }) => [name, uploads, recovered, sentAgain]),
    [
      ['simultaneous', SHORT.simultaneous, SHORT.simultaneous, 0],
      ['switching', SHORT.switching, SHORT.switching, 0],
      ['interrupted', SHORT.interrupted, SHORT.interrupted, 0],
    ],
  )
  const [, switching, interrupted] = parts
  assert.ok((switching?.switches ?? 0) >= SHORT.switching)
  assert.equal(interrupted?.switches, SHORT.interrupted)
  assert.deepEqual(
    tus.map(({ rounds, intact }) => [rounds, intact]),
    [
      [SHORT.tus, SHORT.tus],
      [SHORT.tusPeer, SHORT.tusPeer],
    ],
  )
  assert.deepEqual(
    stored.map(({ backend, costs }) => [backend, ...costs.map(({ sessions }) => sessions)]),
    [
      ['sqlite', 0, 0, SHORT.stored],
      ['redis', 0, 0, SHORT.stored],
    ],
  )
  assert.ok(memory.idle > 0 && memory.idle <= 1024, `${memory.idle} bytes`)
  assert.ok(allRecovered(result))
  for (const name of ['switching', 'interrupted', '@tus/server']) {
    assert.ok(loadMarkdown(result).includes(name), name)
    assert.ok(loadChart(result).includes(name), name)
  }
})
