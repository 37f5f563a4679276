import assert from 'node:assert/strict'
import test from 'node:test'
import { PAGES, UPLOAD_LIMIT, bundleSize } from '../../scripts/bundle-size.ts'

test('what a page needs to upload is 8 KiB at most, compressed', async () => {
  const size = await bundleSize(PAGES.upload)
  assert.ok(size <= UPLOAD_LIMIT, `${size} bytes`)
  assert.ok(size > 1000, `${size} bytes cannot be all of it`)
})

test('who uploads does not load what downloads', async () => {
  const [upload, everything] = [await bundleSize(PAGES.upload), await bundleSize(PAGES.everything)]
  assert.ok(upload + 1000 < everything, `${upload} of ${everything} bytes`)
})
