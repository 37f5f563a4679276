import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import test from 'node:test'
import { append, created, creation } from './rufh-client.ts'
import { startSite } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { halfSent } from './visits.ts'
import { ask, dial, having, headOf, statusesIn } from './wire-client.ts'

const FLAGS = ['http.fast_lane=auto', 'http.fast_lane=off']

/** Forms of a request: as the lane takes it, and as it leaves it. */
const FORMS = {
  'in the strict form': (put: SignedPut): SignedPut => put,
  'with a field that the lane leaves': (put: SignedPut): SignedPut =>
    having(put, { TE: 'trailers' }),
  'by POST': (put: SignedPut): SignedPut => ({ ...creation(put, undefined), method: 'POST' }),
}

function wholeOf(put: SignedPut): Buffer {
  return Buffer.concat([Buffer.from(headOf(put), 'latin1'), put.body])
}

/** Sends what it reads to the port, and ends when all is sent. */
const SENDER = `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1')
process.stdin.pipe(socket).on('finish', () => process.exit())
`

for (const flag of FLAGS) {
  for (const [name, form] of Object.entries(FORMS)) {
    test(`with ${flag}, a file ${name} that was sent before its connection was accepted is stored`, async () => {
      await using site = await startSite([flag])
      const put = form(signedPut('a/early.bin', randomBytes(60_000)))
      // Nothing is accepted meanwhile: the server is in this process, which waits.
      const sender = spawnSync(process.execPath, ['-e', SENDER, String(site.port)], {
        input: wholeOf(put),
      })
      assert.equal(sender.status, 0, sender.stderr.toString())
      await site.logged('file published')
      assert.deepEqual((await ask(site.port, get('a/early.bin'))).body, put.body)
    })
  }

  for (const name of ['in the strict form', 'with a field that the lane leaves'] as const) {
    test(`with ${flag}, a PATCH is taken over by one sent at once with another request, ${name}`, async () => {
      await using site = await startSite([flag])
      const put = signedPut('a/resumed.bin', randomBytes(60_000))
      const target = await created(site, put, undefined)
      const whole = { offset: 0, bytes: put.body, isComplete: true }
      using held = await halfSent(site, append(target, undefined, whole))
      using wire = await dial(site.port, '127.0.0.3')
      const rest = { ...whole, offset: 30_000, bytes: put.body.subarray(30_000) }
      const again = headOf(get('a/resumed.bin', { Connection: 'close' }))
      const resumed = FORMS[name](append(target, undefined, rest))
      wire.send(Buffer.concat([wholeOf(resumed), Buffer.from(again)]))
      const received = await wire.ended
      assert.deepEqual(statusesIn(received), [201, 200])
      assert.deepEqual(received.subarray(-put.body.length), put.body)
      assert.equal((await held.ended).length, 0)
    })
  }

  for (const [older, formOfOlder] of Object.entries(FORMS)) {
    for (const [newer, formOfNewer] of Object.entries(FORMS)) {
      test(`with ${flag}, an upload ${older} is taken over by bytes sent at once, ${newer}`, async () => {
        await using site = await startSite([flag])
        const put = signedPut('a/taken.bin', randomBytes(60_000))
        using held = await halfSent(site, formOfOlder(put))
        using wire = await dial(site.port, '127.0.0.3')
        const again = headOf(get('a/taken.bin', { Connection: 'close' }))
        wire.send(Buffer.concat([wholeOf(formOfNewer(put)), Buffer.from(again)]))
        const received = await wire.ended
        assert.deepEqual(statusesIn(received), [201, 200])
        assert.deepEqual(received.subarray(-put.body.length), put.body)
        assert.equal((await held.ended).length, 0)
      })
    }
  }
}
