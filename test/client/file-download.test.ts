import assert from 'node:assert/strict'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { downloadTo } from '../../src/client/node/main.ts'
import { startSite, temporaryFolder } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import { seededRandom } from '../interop/seeded-random.ts'
import { answerCutter } from './answer-cutter.ts'

test('a download to a path or into a folder is the file, and nothing beside it', async () => {
  await using folder = await temporaryFolder()
  await using site = await startSite()
  await ask(site.port, signedPut('a1b2/cat.mp4', 'meow'))
  const url = `http://127.0.0.1:${site.port}/a1b2/cat.mp4`
  const path = join(folder.path, 'x.mp4')
  const expected = { size: 4, type: 'application/octet-stream' }
  assert.deepEqual(await downloadTo(path, url), { path, ...expected })
  const named = join(folder.path, 'cat.mp4')
  assert.deepEqual(await downloadTo({ folder: folder.path }, url), { path: named, ...expected })
  assert.deepEqual((await readdir(folder.path)).toSorted(), ['cat.mp4', 'x.mp4'])
  assert.equal(await readFile(named, 'utf8'), 'meow')
})

test('a download to a file that was aborted goes on at the byte; its note is for its owner only', async () => {
  const content = seededRandom(1).bytes(4_000_000)
  await using folder = await temporaryFolder()
  await using site = await startSite()
  await ask(site.port, signedPut('a1b2/cat.mp4', content))
  await using proxy = await answerCutter(() => site.port, [{ at: 2_000_000, kind: 'silence' }])
  const url = `http://127.0.0.1:${proxy.port}/a1b2/cat.mp4`
  const path = join(folder.path, 'cat.mp4')
  const stop = new AbortController()
  const aborted = downloadTo(path, url, {
    signal: stop.signal,
    onEvent: ({ kind }) => kind === 'lost' && stop.abort(new Error('enough')),
    stall: 100,
  })
  await assert.rejects(aborted, /enough/u)
  const { mode } = await stat(`${path}.part.json`)
  assert.equal(mode & 0o777, 0o600)
  const { size: had } = await stat(`${path}.part`)
  assert.ok(had > 0 && had < content.length, `${had} bytes were kept`)
  const offsets: number[] = []
  await downloadTo(path, url, {
    onEvent: (event) => {
      if (event.kind === 'receiving') offsets.push(event.offset)
    },
  })
  assert.deepEqual(offsets, [had])
  assert.ok(content.equals(await readFile(path)))
})
