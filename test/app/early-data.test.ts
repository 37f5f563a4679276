import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import test from 'node:test'
import { startSite } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { halfSent } from './visits.ts'
import { ask, dial, having, headOf, statusesIn } from './wire-client.ts'

const FLAGS = ['http.fast_lane=auto', 'http.fast_lane=off']

/** Forms of a request: as the lane takes it, and as it leaves it. */
const FORMS: Readonly<Record<string, (put: SignedPut) => SignedPut>> = {
  'in the strict form': (put) => put,
  'with a field that the lane leaves': (put) => having(put, { TE: 'trailers' }),
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
