import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { KeyEvents } from '../../src/keys/events.ts'
import { type KeyRing, openKeyRing } from '../../src/keys/key-ring.ts'
import { overlapFor, retireKey, rotateKeys } from '../../src/keys/rotation.ts'

const DAY = 86_400_000

/** Events as texts. */
interface Told {
  readonly events: KeyEvents
  readonly texts: string[]
  /** Resolves to the next event. */
  next(): Promise<string>
}

function told(): Told {
  const texts: string[] = []
  let waiting = Promise.withResolvers<string>()
  const tell = (text: string): void => {
    texts.push(text)
    waiting.resolve(text)
    waiting = Promise.withResolvers()
  }
  return {
    texts,
    next: async () => await waiting.promise,
    events: {
      added: (kid) => tell(`added ${kid}`),
      removed: (kid, why) => tell(`removed ${kid} ${why}`),
      refused: (error) => tell(`refused ${String(error)}`),
    },
  }
}

describe('the master keys of a running server', () => {
  let root: string
  let number = 0
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'key-ring-'))
  })
  after(async () => await rm(root, { recursive: true }))

  async function opened(): Promise<{ ring: KeyRing; file: string; heard: Told }> {
    number += 1
    const file = join(root, `${number}.key`)
    const heard = told()
    return {
      file,
      heard,
      ring: await openKeyRing({ file, clock: systemClock, events: heard.events }),
    }
  }

  test('a file that is changed is followed within seconds, and nobody has to say so', async () => {
    const { ring, file, heard } = await opened()
    await using _ring = ring
    const old = ring.current.kid
    const news = heard.next()
    const { kid } = await rotateKeys({ file, clock: systemClock, overlap: overlapFor(DAY) }, 0)
    assert.equal(await news, `added ${kid}`)
    assert.equal(ring.current.kid, kid)
    assert.equal(ring.find(old)?.kid, old)
  })

  test('a key that is gone from the file is not found any more, once it is read', async () => {
    const { ring, file, heard } = await opened()
    await using _ring = ring
    const { kid: old } = ring.current
    const needs = { file, clock: systemClock, overlap: overlapFor(DAY) }
    await retireKey(needs, old, { atOnce: true })
    await ring.reread()
    assert.equal(ring.find(old), undefined)
    assert.deepEqual(heard.texts, [`added ${ring.current.kid}`, `removed ${old} requested`])
  })

  test('a file that is damaged, open to others or gone leaves the keys as they are, and is told of', async () => {
    const { ring, file, heard } = await opened()
    await using _ring = ring
    const { current } = ring
    await writeFile(file, 'no key')
    await ring.reread()
    await rm(file)
    await ring.reread()
    await writeFile(file, 'no key', { mode: 0o644 })
    await ring.reread()
    assert.equal(ring.current, current)
    assert.equal(ring.find(current.kid), current)
    const [damaged = '', gone = '', open = '', ...more] = heard.texts
    assert.match(damaged, /line 1 is no key/u)
    assert.match(gone, /is gone/u)
    assert.match(open, /chmod 600/u)
    assert.deepEqual(more, [])
  })

  test('a file that is read again without a change tells nothing', async () => {
    const { ring, heard } = await opened()
    await using _ring = ring
    const { all } = ring
    await Promise.all([ring.reread(), ring.reread()])
    assert.deepEqual(heard.texts, [])
    assert.equal(ring.all, all)
  })
})
