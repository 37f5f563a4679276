import assert from 'node:assert/strict'
import test from 'node:test'
import { LIMIT, PAGES, bundleSize, laterSizes } from '../../scripts/bundle-size.ts'

test('all of the client that a page loads at once is 8 KiB at most, compressed', async () => {
  assert.equal(LIMIT, 8 * 1024)
  const size = await bundleSize(PAGES.everything)
  assert.ok(size <= LIMIT, `${size} bytes`)
  assert.ok(size > 1000, `${size} bytes cannot be all of it`)
})

test('who only downloads loads next to nothing before', async () => {
  const [download, upload] = [await bundleSize(PAGES.download), await bundleSize(PAGES.upload)]
  assert.ok(download < 1500, `${download} bytes`)
  assert.ok(upload > 4 * download, `${upload} bytes`)
})

test('what a page loads later is what most pages never use, and what an upload can do without', async () => {
  const later = await laterSizes()
  assert.deepEqual([...later.keys()].toSorted(), [
    'download',
    'dpop-prover',
    'forgetting',
    'indexed-db-store',
    'saved-upload',
    'tus',
  ])
  for (const [part, size] of later) assert.ok(size > 100 && size < 3000, `${part}: ${size} bytes`)
})
