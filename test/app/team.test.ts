import assert from 'node:assert/strict'
import process from 'node:process'
import test from 'node:test'
import { startTeam } from '../../src/app/workers/team.ts'
import { teamMetrics } from '../../src/app/workers/team-metrics.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/observe/log.ts'
import type { Config } from '../../src/config/options.ts'
import type { Channel, Message } from '../../src/stores/workers/channel.ts'
import { leaseBroker } from '../../src/stores/workers/lease-broker.ts'
import { processLeases } from '../../src/stores/memory/leases.ts'
import { configOf } from './site.ts'

const log = createLog({
  level: 'fatal',
  format: 'json',
  destination: { write: () => true },
  clock: systemClock,
})

test('a worker that cannot be started makes a server that says so, not one that dies', async () => {
  const { execPath } = process
  process.execPath = '/nonexistent/node'
  try {
    const config: Config = configOf('/nonexistent', [])
    const broker = leaseBroker({ leases: processLeases(), onPassedOver: () => {} })
    const needs = { size: 2, config: () => config, broker, attend: [], mend: async () => {}, log }
    await assert.rejects(startTeam(needs), /A worker ended while it started/u)
  } finally {
    process.execPath = execPath
  }
})

test('scrapes at the same time share one answer of each worker', async () => {
  let asked = 0
  const listeners: ((message: Message) => void)[] = []
  const channel: Channel = {
    send: () => {
      asked += 1
      setImmediate(() => listeners[0]?.({ word: 'metrics', id: 0, text: '[]' }))
    },
    listen: (listen) => {
      listeners.push(listen)
      return { [Symbol.dispose]: () => {} }
    },
  }
  const metrics = teamMetrics({ contentType: 'text/plain', snapshot: async () => [] })
  using _included = metrics.include(channel)
  const [one, other] = await Promise.all([metrics.text(), metrics.text()])
  assert.equal(one, other)
  assert.equal(asked, 1)
})
