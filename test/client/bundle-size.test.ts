import assert from 'node:assert/strict'
import test from 'node:test'
import { LIMIT, PAGES, bundleSize } from '../../scripts/bundle-size.ts'

test('all of the client is 10.5 KiB at most, compressed', async () => {
  const size = await bundleSize(PAGES.everything)
  assert.ok(size <= LIMIT, `${size} bytes`)
  assert.ok(size > 1000, `${size} bytes cannot be all of it`)
})

test('who uploads does not load what downloads', async () => {
  const [upload, everything] = [await bundleSize(PAGES.upload), await bundleSize(PAGES.everything)]
  assert.ok(upload + 1000 < everything, `${upload} of ${everything} bytes`)
})
