import assert from 'node:assert/strict'
import test from 'node:test'
import type { Download, DownloadEvent, DownloadOptions } from '../../src/client/download-options.ts'
import { lateDownload } from '../../src/client/late-download.ts'
import { UploadError } from '../../src/client/upload-error.ts'
import { hurriedTime } from './manual-time.ts'
import { toldNetwork } from './told-network.ts'

const URL_OF_FILE = 'https://files.example/a/film.mp4'

/** Code that does not come the first times; and what it was called with in the end. */
function codeAfter(losses: number) {
  const calls: DownloadOptions[] = []
  let asked = 0
  const reason = new TypeError('Failed to fetch dynamically imported module')
  async function download(_url: string, options: DownloadOptions): Promise<Download> {
    calls.push(options)
    return await Promise.reject(new UploadError('refused', 'No such file'))
  }
  return {
    reason,
    calls,
    asked: () => asked,
    load: async () => {
      asked += 1
      return asked > losses ? { download } : await Promise.reject(reason)
    },
  }
}

test('code that does not come is asked for again, and what the download says then stands', async () => {
  const { load, calls, asked, reason } = codeAfter(3)
  const network = toldNetwork()
  const events: DownloadEvent[] = []
  const begin = lateDownload(load, network, hurriedTime())
  const begun = begin(URL_OF_FILE, { stall: 5, onEvent: (event) => events.push(event) })
  await assert.rejects(begun, { code: 'refused' })
  assert.equal(asked(), 4)
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ['lost', 'lost', 'waiting', 'lost', 'waiting'],
  )
  assert.deepEqual(events[0], { kind: 'lost', reason })
  const [{ stall, network: given } = {}] = calls
  assert.deepEqual([calls.length, stall, given], [1, 5, network])
})

test('without a network the code is asked for until it comes', async () => {
  const { load, asked } = codeAfter(20)
  const begin = lateDownload(load, { ...toldNetwork(), isOnline: () => false }, hurriedTime())
  await assert.rejects(begin(URL_OF_FILE, {}), { code: 'refused' })
  assert.equal(asked(), 21)
})

test('code that never comes ends the download, and the next one asks for it anew', async () => {
  const { load, asked, reason } = codeAfter(12)
  const begin = lateDownload(load, toldNetwork(), hurriedTime())
  await assert.rejects(begin(URL_OF_FILE, {}), { code: 'out-of-tries', cause: reason })
  assert.equal(asked(), 12)
  await assert.rejects(begin(URL_OF_FILE, {}), { code: 'refused' })
})

test('a download that is given up does not wait for its code', async () => {
  const giving = new AbortController()
  const begin = lateDownload(async () => await new Promise(() => {}), toldNetwork())
  const begun = begin(URL_OF_FILE, { signal: giving.signal })
  giving.abort(new Error('enough'))
  await assert.rejects(begun, /enough/u)
})
