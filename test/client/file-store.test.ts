import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { fileStore } from '../../src/client/node/file-store.ts'
import { temporaryFolder } from '../app/site.ts'

const STATE = { slot: { put: 'https://a.example/p', get: 'https://a.example/g' }, size: 7 }

/** The one file in a folder. */
async function onlyFile(folder: string): Promise<string> {
  const [name = '', ...others] = await readdir(folder)
  assert.deepEqual(others, [])
  return join(folder, name)
}

test('what was saved is there for the next program, under whatever id, and for no other id', async () => {
  await using home = await temporaryFolder()
  const ids = ['film.mp4', '../../etc/passwd', '/a/b', 'ü☃'.repeat(200), '']
  for (const [at, id] of ids.entries()) await fileStore(home.path).save(id, { ...STATE, at })
  for (const [at, id] of ids.entries()) {
    assert.deepEqual(await fileStore(home.path).load(id), { ...STATE, at })
  }
  assert.equal(await fileStore(home.path).load('film.mp3'), undefined)
  const names = await readdir(home.path)
  assert.equal(names.length, ids.length)
  assert.ok(names.every((name) => /^[\da-f]{64}\.json$/u.test(name)))
})

test('folder and files are for their owner alone', async () => {
  await using home = await temporaryFolder()
  const folder = join(home.path, 'state', 'uploads')
  await fileStore(folder).save('film.mp4', STATE)
  const modes = await Promise.all(
    [folder, await onlyFile(folder)].map(async (path) => await stat(path)),
  )
  assert.deepEqual(
    modes.map(({ mode }) => mode & 0o777),
    [0o700, 0o600],
  )
})

test('a later state takes the place of an earlier one', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  await store.save('film.mp4', STATE)
  await Promise.all([1, 2, 3, 4].map(async (offset) => await store.save('film.mp4', { offset })))
  const { offset } = (await store.load('film.mp4')) ?? {}
  assert.ok(typeof offset === 'number' && offset >= 1 && offset <= 4)
  await onlyFile(home.path)
})

test('what is forgotten is gone, and may be forgotten again', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  await store.save('film.mp4', STATE)
  await store.remove('film.mp4')
  await store.remove('film.mp4')
  assert.equal(await store.load('film.mp4'), undefined)
  assert.deepEqual(await readdir(home.path), [])
})

test('a damaged file counts as none, and is replaced', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  await store.save('film.mp4', STATE)
  const file = await onlyFile(home.path)
  const whole = await readFile(file, 'utf8')
  const damages = [
    async () => await truncate(file, 10),
    async () => await truncate(file, 0),
    ...['[1]', 'null', '"a"', `\0${whole}`].map((text) => async () => await writeFile(file, text)),
  ]
  for (const damage of damages) {
    await damage()
    assert.equal(await store.load('film.mp4'), undefined)
    await store.save('film.mp4', STATE)
    assert.deepEqual(await store.load('film.mp4'), STATE)
  }
})

test('what was saved three days ago is forgotten, and what killed programs left with it', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  await store.save('film.mp4', STATE)
  const file = await onlyFile(home.path)
  const left = [`${file}.12-1`, `${file}.lock`, join(home.path, 'not ours.json')]
  for (const path of left) await writeFile(path, '')
  const old = new Date(Date.now() - 72 * 3_600_000 - 60_000)
  for (const path of [file, ...left]) await utimes(path, old, old)
  await store.save('photo.jpg', STATE)
  assert.equal(await store.load('film.mp4'), undefined)
  assert.deepEqual(await store.load('photo.jpg'), STATE)
  const names = await readdir(home.path)
  assert.ok(names.length === 2 && names.includes('not ours.json'))
})

test("an upload that runs for more than three days stays its holder's, state and all", async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  const letGo = await store.hold?.('film.mp4')
  assert.ok(letGo)
  await store.save('film.mp4', STATE)
  const old = new Date(Date.now() - 72 * 3_600_000 - 60_000)
  for (const name of await readdir(home.path)) await utimes(join(home.path, name), old, old)
  const other = fileStore(home.path)
  await other.load('photo.jpg')
  assert.equal(await other.hold?.('film.mp4'), undefined)
  const [state = ''] = (await readdir(home.path)).filter((name) => name.endsWith('.json'))
  assert.deepEqual(JSON.parse(await readFile(join(home.path, state), 'utf8')), STATE)
  await letGo()
  await other.load('photo.jpg')
  assert.deepEqual(await readdir(home.path), [])
})

test('what was saved three days ago is forgotten by the one who holds it, too', async () => {
  await using home = await temporaryFolder()
  await fileStore(home.path).save('film.mp4', STATE)
  const later = fileStore(home.path, () => Date.now() + 73 * 3_600_000)
  const letGo = await later.hold?.('film.mp4')
  assert.equal(await later.load('film.mp4'), undefined)
  await letGo?.()
  assert.deepEqual(await readdir(home.path), [])
})

test('an old lock that cannot be taken keeps no other upload from its state', async () => {
  await using home = await temporaryFolder()
  await fileStore(home.path).save('film.mp4', STATE)
  const file = await onlyFile(home.path)
  await mkdir(`${file}.lock`)
  const later = fileStore(home.path, () => Date.now() + 73 * 3_600_000)
  assert.equal(await later.load('photo.jpg'), undefined)
  assert.equal((await readdir(home.path)).length, 2)
})

test('an upload is held by one at a time, of whatever store, until it lets go', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  const letGo = await store.hold?.('film.mp4')
  assert.ok(letGo)
  assert.equal(await fileStore(home.path).hold?.('film.mp4'), undefined)
  await (
    await store.hold?.('photo.jpg')
  )?.()
  await letGo()
  await (
    await fileStore(home.path).hold?.('film.mp4')
  )?.()
  assert.deepEqual(await readdir(home.path), [])
})

test('what a program held that was killed is free', async () => {
  await using home = await temporaryFolder()
  const holding = `
    import { fileStore } from ${JSON.stringify(import.meta.resolve('../../src/client/node/file-store.ts'))}
    console.log(typeof await fileStore(${JSON.stringify(home.path)}).hold('film.mp4'))
    setInterval(() => {}, 1000)`
  const program = spawn(process.execPath, ['--input-type=module', '--eval', holding], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(program, 'exit')
  const [said] = await once(program.stdout, 'data')
  assert.equal(String(said), 'function\n')
  const store = fileStore(home.path)
  assert.equal(await store.hold?.('film.mp4'), undefined)
  program.kill('SIGKILL')
  await ended
  const letGo = await store.hold?.('film.mp4')
  assert.ok(letGo)
  await letGo()
})

test('a folder that cannot be one is an error, and nothing is left behind', async () => {
  await using home = await temporaryFolder()
  const file = join(home.path, 'file')
  await writeFile(file, 'no folder')
  await assert.rejects(fileStore(file).save('film.mp4', STATE), { code: 'EEXIST' })
  await assert.rejects(fileStore(file).load('film.mp4'), { code: 'ENOTDIR' })
})

test('what cannot be put in its place leaves no draft', async () => {
  await using home = await temporaryFolder()
  const store = fileStore(home.path)
  await store.save('film.mp4', STATE)
  const file = await onlyFile(home.path)
  await rm(file)
  await mkdir(join(file, 'in the way'), { recursive: true })
  await assert.rejects(store.save('film.mp4', STATE))
  await onlyFile(home.path)
})
