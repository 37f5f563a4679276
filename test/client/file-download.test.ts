import assert from 'node:assert/strict'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { openFileDownload } from '../../src/client/node/file-download.ts'
import { reservedPath, storableName } from '../../src/client/node/free-path.ts'
import { downloadTo } from '../../src/client/node/main.ts'
import { type Site, startSite, temporaryFolder } from '../app/site.ts'
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

test('a download to a file that was aborted goes on at the byte; what is kept does not tell the URL', async () => {
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
  const [part = '', note = '', ...others] = (await readdir(folder.path)).toSorted()
  assert.deepEqual([note, others], [`${part}.json`, []])
  const kept = part + (await readFile(join(folder.path, note), 'utf8'))
  assert.ok(!kept.includes('a1b2') && !kept.includes('cat'), kept)
  const { size: had } = await stat(join(folder.path, part))
  assert.ok(had > 0 && had < content.length, `${had} bytes were kept`)
  const offsets: number[] = []
  await downloadTo(path, url, {
    onEvent: (event) => {
      if (event.kind === 'receiving') offsets.push(event.offset)
    },
  })
  assert.deepEqual(offsets, [had])
  assert.ok(content.equals(await readFile(path)))
  assert.deepEqual(await readdir(folder.path), ['cat.mp4'])
})

interface Folder extends AsyncDisposable {
  readonly path: string
  /** What is in it, but for what is not complete. */
  readonly files: () => Promise<Readonly<Record<string, string>>>
}

async function downloads(): Promise<Folder> {
  const folder = await temporaryFolder()
  return {
    path: folder.path,
    [Symbol.asyncDispose]: async () => await folder[Symbol.asyncDispose](),
    async files() {
      const names = (await readdir(folder.path)).toSorted()
      const contents = names.map(async (name) => [
        name,
        await readFile(join(folder.path, name), 'utf8'),
      ])
      return Object.fromEntries(await Promise.all(contents))
    },
  }
}

/** Publishes a file that is called the same as any other; resolves to its URL. */
async function published(site: Site, folder: string, content: string): Promise<string> {
  await ask(site.port, signedPut(`${folder}/image.jpg`, content))
  return `http://127.0.0.1:${site.port}/${folder}/image.jpg`
}

test('files of the same name that come at a time, or one after the other, are files of their own', async () => {
  await using folder = await downloads()
  await using site = await startSite()
  const urls = await Promise.all(
    ['AAAA', 'BBBBBB', 'CC'].map(async (text) => await published(site, text.toLowerCase(), text)),
  )
  const [first = '', ...others] = urls
  await downloadTo({ folder: folder.path }, first)
  await Promise.all(others.map(async (url) => await downloadTo({ folder: folder.path }, url)))
  const files = await folder.files()
  assert.deepEqual(Object.keys(files), ['image (1).jpg', 'image (2).jpg', 'image.jpg'])
  assert.deepEqual(Object.values(files).toSorted(), ['AAAA', 'BBBBBB', 'CC'])
  assert.equal(files['image.jpg'], 'AAAA')
})

test('a file in a folder is replaced if that is asked for, and one at a path is kept if that is', async () => {
  await using folder = await downloads()
  await using site = await startSite()
  const [one, other] = [await published(site, 'a', 'one'), await published(site, 'b', 'other')]
  await downloadTo({ folder: folder.path }, one)
  await downloadTo({ folder: folder.path }, other, { replace: true })
  assert.deepEqual(await folder.files(), { 'image.jpg': 'other' })
  const path = join(folder.path, 'image.jpg')
  const { path: placed } = await downloadTo(path, one, { replace: false })
  assert.equal(placed, join(folder.path, 'image (1).jpg'))
  assert.deepEqual(await folder.files(), { 'image (1).jpg': 'one', 'image.jpg': 'other' })
})

test('a file that is being downloaded to a folder cannot be downloaded there a second time', async () => {
  await using folder = await downloads()
  await using site = await startSite()
  const url = await published(site, 'a', 'one')
  const path = join(folder.path, 'x')
  {
    await using opened = await openFileDownload(path, url)
    await assert.rejects(downloadTo({ folder: folder.path }, url), /being downloaded .* already/u)
    assert.equal(await opened.save(), path)
  }
  assert.deepEqual(await folder.files(), { x: 'one' })
})

test('of a download that brought nothing, nothing is kept', async () => {
  await using folder = await downloads()
  await using site = await startSite()
  const url = await published(site, 'a', 'one')
  {
    await using _ = await openFileDownload({ folder: folder.path }, url)
  }
  await assert.rejects(downloadTo({ folder: folder.path }, `${url}x`), { status: 404 })
  assert.deepEqual(await folder.files(), {})
})

test('a name that is too long for a file is cut before its ending', async () => {
  await using folder = await downloads()
  assert.equal(storableName(undefined), 'download')
  for (const name of [`${'ü'.repeat(300)}.jpg`, `x.${'ü'.repeat(300)}`, '💐'.repeat(100)]) {
    const stored = storableName(name)
    assert.equal(stored.isWellFormed(), true)
    assert.equal(stored.endsWith('.jpg'), name.endsWith('.jpg'))
    for (const number of ['', ' (1)']) {
      const path = await reservedPath(join(folder.path, stored))
      assert.ok(path.includes(number), path)
    }
  }
})
