import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openContest, PEERS } from '../../bench/contest.ts'
import { measureCuts } from '../../bench/cuts.ts'
import { startFronted } from '../../bench/peers/fronted.ts'
import { startRelayed } from '../../bench/peers/relayed.ts'
import { ACCELERATED, FLOOR } from '../../bench/server-names.ts'
import { measureSlow } from '../../bench/slow.ts'
import { measureSpeed } from '../../bench/speed.ts'
import { measureTakeover } from '../../bench/takeover.ts'

const MIB = 2 ** 20
const SEED = 7
let workFolder = ''

before(async () => {
  workFolder = await mkdtemp(path.join(tmpdir(), 'hmac-file-server-bench-'))
})

after(async () => {
  await rm(workFolder, { recursive: true, force: true })
})

test('ten vanished uploads are taken over from another address, cut unanswered, files intact', async (t) => {
  const rounds = 10
  const result = await measureTakeover({
    rounds,
    size: MIB,
    seed: 7,
    workers: 1,
    workFolder,
    signal: t.signal,
  })
  assert.equal(result.milliseconds.length, rounds)
  assert.deepEqual(result.acrossWorkers, [])
  assert.equal(result.intact, rounds)
  assert.equal(result.olderCut, rounds)
  assert.equal(result.olderAnswered, 0)
})

test('vanished uploads are taken over also where their client comes back to another worker', async (t) => {
  const rounds = 20
  const result = await measureTakeover({
    rounds,
    size: MIB,
    seed: 7,
    workers: 2,
    workFolder,
    signal: t.signal,
  })
  assert.ok(result.acrossWorkers.length > 0)
  assert.equal(result.intact, rounds)
  assert.equal(result.olderCut, rounds)
})

test('fifty uploads trickled at once all succeed, on our server and on nginx', async (t) => {
  const result = await measureSlow({
    quick: true,
    noiseLimit: 100,
    fileSizes: [MIB],
    workFolder,
    signal: t.signal,
  })
  assert.deepEqual(
    result.trickles.map(({ server, report }) => [
      server,
      report.ok,
      report.errors,
      report.statuses,
    ]),
    [
      ['hmac-file-server', 50, 0, { 201: 50 }],
      ['nginx', 50, 0, { 201: 50 }],
    ],
  )
  assert.ok(result.trickles.every(({ restingRssMiB, usage }) => restingRssMiB <= usage.peakRssMiB))
  assert.deepEqual(
    result.files.map((file) => file.size),
    [MIB],
  )
})

test('bare Node.js does the work of a server, and nginx sends large files on our word', async (t) => {
  const servers = { [ACCELERATED]: PEERS[ACCELERATED], [FLOOR]: PEERS[FLOOR] }
  await using contest = await openContest({
    servers,
    quick: true,
    noiseLimit: 100,
    workFolder,
    signal: t.signal,
  })
  const runs = await measureSpeed(contest, { rounds: 1, workloads: ['W2', 'W4'] })
  assert.deepEqual(
    runs.map(({ workload, server, report }) => [workload, server, report.errors, report.statuses]),
    [
      ['W2', FLOOR, 0, { 201: 600 }],
      ['W4', ACCELERATED, 0, { 200: 1 }],
      ['W4', FLOOR, 0, { 200: 1 }],
    ],
  )
})

test('uploads reach our server by a UNIX socket of nginx, and by TLS that it or nginx ends', async (t) => {
  await using contest = await openContest({
    servers: {
      socket: async (around) => await startFronted(around, { byUnixSocket: true }),
      server: async (around) => await startRelayed(around, 'server'),
      proxy: async (around) => await startRelayed(around, 'proxy'),
    },
    quick: true,
    noiseLimit: 100,
    workFolder,
    signal: t.signal,
  })
  const runs = await measureSpeed(contest, { rounds: 1, workloads: ['W3'] })
  assert.deepEqual(
    runs.map(({ server, report }) => [server, report.errors, report.statuses]),
    ['socket', 'server', 'proxy'].map((server) => [server, 0, { 201: 10 }]),
  )
})

test('small uploads over 64 connections all succeed with every feature on, and so do those cut on their way', async (t) => {
  await using contest = await openContest({
    servers: { 'hmac-file-server': PEERS['hmac-file-server'] },
    quick: true,
    noiseLimit: 100,
    workFolder,
    signal: t.signal,
  })
  const runs = await measureSpeed(contest, { rounds: 1, workloads: ['W2'] })
  assert.deepEqual(
    runs.map(({ report }) => [report.errors, Object.keys(report.statuses)]),
    [[0, ['201']]],
  )
  assert.ok(runs.every(({ report }) => report.ok > 0))

  const cuts = await measureCuts(contest, SEED)
  assert.deepEqual(
    cuts.map(({ comeback, report }) => [comeback, report.ok, report.errors]),
    [
      ['retry', 50, 0],
      ['rufh', 50, 0],
      ['tus', 50, 0],
    ],
    `seed ${SEED}`,
  )
})
