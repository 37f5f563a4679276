import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import { OperatorError } from '../../src/core/operator-error.ts'
import { readOrMakeKeyFile } from '../../src/keys/key-file.ts'
import { type MasterKeys, masterKeys } from '../../src/keys/master-keys.ts'

const MADE_AT = Date.UTC(2026, 10, 22)

/** The bytes 0 to 31. */
const COUNTED = Buffer.from(Uint8Array.from({ length: 32 }, (_, at) => at)).toString('base64url')

function line(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ kid: 'one', key: COUNTED, createdAt: '2026-11-22T00:00:00Z', ...changes })
}

async function openMasterKeys(file: string, clock = systemClock): Promise<MasterKeys> {
  return masterKeys(await readOrMakeKeyFile(file, clock), clock)
}

describe('master keys', () => {
  let root: string
  let folder: string
  let file: string
  let number = 0
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'keys-'))
  })
  beforeEach(() => {
    number += 1
    folder = join(root, `data ${number}`)
    file = join(folder, 'master-keys')
  })
  after(async () => await rm(root, { recursive: true }))

  async function written(text: string): Promise<void> {
    await mkdir(folder)
    await writeFile(file, text, { mode: 0o600 })
  }

  /** The text of the error that opening the file gives. */
  async function refusal(): Promise<string> {
    const error: unknown = await openMasterKeys(file).catch((reason: unknown) => reason)
    assert.ok(error instanceof OperatorError, String(error))
    assert.ok(error.message.includes(file), error.message)
    assert.ok(!error.message.includes(COUNTED), 'the key stands in the message')
    return error.message
  }

  test('the file is made with one fresh key that only the owner can read, and nothing beside it', async () => {
    const keys = await openMasterKeys(file, () => MADE_AT)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal((await stat(folder)).mode & 0o777, 0o700)
    assert.deepEqual(await readdir(folder), ['master-keys'])
    const { kid, key, createdAt } = JSON.parse(await readFile(file, 'utf8'))
    assert.equal(keys.current.kid, kid)
    assert.match(kid, /^[\da-f]{12}$/u)
    assert.equal(Buffer.from(key, 'base64url').length, 32)
    assert.equal(createdAt, '2026-11-22T00:00:00.000Z')
  })

  test('two servers never have the same key', async () => {
    const [one, two] = [await openMasterKeys(file), await openMasterKeys(join(folder, 'other'))]
    assert.notDeepEqual(one.current.derive('a', ''), two.current.derive('a', ''))
    assert.notEqual(one.current.kid, two.current.kid)
  })

  test('the file that is there is used as it is', async () => {
    const made = await openMasterKeys(file)
    const text = await readFile(file, 'utf8')
    const read = await openMasterKeys(file)
    assert.deepEqual(read.current.derive('a', 'b'), made.current.derive('a', 'b'))
    assert.equal(await readFile(file, 'utf8'), text)
  })

  test('many that make the file at once have the same key, and leave nothing beside it', async () => {
    const opened = await Promise.all(
      Array.from({ length: 20 }, async () => await openMasterKeys(file)),
    )
    assert.equal(new Set(opened.map(({ current }) => current.kid)).size, 1)
    assert.equal(
      new Set(opened.map(({ current }) => current.derive('a', '').toString('hex'))).size,
      1,
    )
    assert.deepEqual(await readdir(folder), ['master-keys'])
  })

  test('a file that another process makes meanwhile is not replaced', async () => {
    const clock = (): number => {
      writeFileSync(file, line(), { mode: 0o600 })
      return MADE_AT
    }
    assert.equal((await openMasterKeys(file, clock)).current.kid, 'one')
    assert.deepEqual(await readdir(folder), ['master-keys'])
  })

  test('keys are derived by HKDF-SHA256 with the UTF-8 bytes of the salt', async () => {
    await written(line())
    const { current } = await openMasterKeys(file)
    const salt = '3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs'
    assert.equal(
      current.derive('hmac-challenge/1 session key', salt).toString('hex'),
      '28b3bd125344702113cc5c1f07cbafc7964ca196816ab29a5c86f4cec5564355',
    )
    assert.notDeepEqual(current.derive('a', 'ö'), current.derive('a', 'o'))
    assert.notDeepEqual(current.derive('a', ''), current.derive('b', ''))
  })

  test('the last line is the current key, and those before it are still found', async () => {
    const other = Buffer.alloc(32, 7).toString('base64url')
    await written(`${line()}\n\n${line({ kid: 'two', key: other })}\n`)
    const keys = await openMasterKeys(file)
    assert.equal(keys.current.kid, 'two')
    assert.deepEqual(
      keys.all.map(({ kid }) => kid),
      ['two', 'one'],
    )
    assert.deepEqual(keys.find('two')?.derive('a', ''), keys.current.derive('a', ''))
    assert.notDeepEqual(keys.find('one')?.derive('a', ''), keys.current.derive('a', ''))
    assert.equal(keys.find('three'), undefined)
  })

  for (const mode of [0o640, 0o604, 0o620, 0o601]) {
    test(`a file of mode ${mode.toString(8)} is refused with the command that closes it`, async () => {
      await written(line())
      await chmod(file, mode)
      assert.ok((await refusal()).includes(`chmod 600 ${file}`))
    })
  }

  const damages: Readonly<Record<string, readonly [text: string, why: string]>> = {
    'is empty': ['\n', 'there is no key in it'],
    'is no JSON': [`${line()}\nkey`, 'line 2 is no key'],
    'has a line that is no object': ['1', 'line 1 is no key'],
    'has a key without a name': [line({ kid: undefined }), 'line 1 is no key'],
    'has a name that cannot stand in a token': [line({ kid: 'a b' }), 'line 1 is no key'],
    'has a key that is too short': [line({ key: COUNTED.slice(1) }), 'line 1 is no key'],
    'has a key in another alphabet': [line({ key: `${COUNTED.slice(1)}+` }), 'line 1 is no key'],
    'has a key without a time': [line({ createdAt: 'today' }), 'line 1 is no key'],
    'has a key that is active from no time': [line({ activeFrom: 1 }), 'line 1 is no key'],
    'has a key that is retired at no time': [line({ retireAt: 'soon' }), 'line 1 is no key'],
    'names two keys alike': [`${line()}\n${line()}`, 'two keys have the same kid'],
    'is far too long': [`${line()}${'\n'.repeat(70_000)}`, 'it is no file of keys'],
  }
  for (const [damage, [text, why]] of Object.entries(damages)) {
    test(`a file that ${damage} is refused, with the reason and the way out, and is left alone`, async () => {
      await written(text)
      const said = await refusal()
      assert.ok(said.includes(why), said)
      assert.ok(said.includes('remove it'), said)
      assert.equal(await readFile(file, 'utf8'), text)
    })
  }

  test('a folder in its place is refused', async () => {
    await mkdir(file, { recursive: true })
    assert.ok((await refusal()).includes('no file of keys'))
  })

  test('a place where no file can be made is refused with the reason of the system', async () => {
    await mkdir(folder)
    await writeFile(join(folder, 'file'), '')
    file = join(folder, 'file', 'master-keys')
    assert.ok((await refusal()).includes('ENOTDIR'))
  })
})
