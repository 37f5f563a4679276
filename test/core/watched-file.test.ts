import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { fileMark, watchFile } from '../../src/core/watched-file.ts'

async function writtenFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watched-'))
  t.after(async () => await rm(folder, { recursive: true }))
  const file = join(folder, 'file')
  await writeFile(file, 'one')
  return file
}

/** Watches, and tells of changes one after the other. */
function watching(
  file: string,
  mark: string,
): AsyncDisposable & { readonly changes: () => number; next(): Promise<void> } {
  let changes = 0
  let waiting = Promise.withResolvers<void>()
  const watched = watchFile(file, mark, {
    changed: async () => {
      changes += 1
      waiting.resolve()
      waiting = Promise.withResolvers()
    },
    failed: (error) => waiting.reject(error),
  })
  return {
    changes: () => changes,
    next: async () => await waiting.promise,
    [Symbol.asyncDispose]: async () => await watched[Symbol.asyncDispose](),
  }
}

test('the mark of a file changes with its content and its time, and is empty without a file', async (t) => {
  const file = await writtenFile(t)
  const marks = [await fileMark(file)]
  assert.equal(await fileMark(file), marks[0])
  await appendFile(file, 'two')
  marks.push(await fileMark(file))
  await utimes(file, 1, 1)
  marks.push(await fileMark(file), await fileMark(`${file}.none`))
  assert.equal(new Set(marks).size, 4)
  assert.equal(marks[3], '')
})

test('what changed before the watch began is told, too', async (t) => {
  const file = await writtenFile(t)
  const mark = await fileMark(file)
  await appendFile(file, 'two')
  await using watched = watching(file, mark)
  await watched.next()
  assert.equal(watched.changes(), 1)
})

test('each change is told once, and what happens to other files of the folder is not', async (t) => {
  const file = await writtenFile(t)
  await using watched = watching(file, await fileMark(file))
  await appendFile(file, 'two')
  await watched.next()
  await writeFile(`${file}.log`, 'a line')
  await rm(file)
  await watched.next()
  await writeFile(file, 'three')
  await watched.next()
  assert.equal(watched.changes(), 3)
})

test('a folder that does not exist cannot be watched', () => {
  const watcher = { changed: async () => {}, failed() {} }
  assert.throws(() => watchFile('/nowhere/file', '', watcher), { code: 'ENOENT' })
})
