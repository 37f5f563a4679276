import assert from 'node:assert/strict'
import test from 'node:test'
import type { Frame } from '../../bench/cpu-profile.ts'
import { partsOf, type ProfilePart } from '../../bench/profile-parts.ts'

/** A function that takes so much itself, beside what it calls. */
function frame(url: string, itself: number, ...calls: readonly Frame[]): Frame {
  return named('anything', url, { itself, calls })
}

function named(
  name: string,
  url: string,
  { itself, calls = [] }: { readonly itself: number; readonly calls?: readonly Frame[] },
): Frame {
  return { name, url, calls, total: calls.reduce((sum, { total }) => sum + total, itself) }
}

function partsAtWork(root: Frame): readonly ProfilePart[] {
  return partsOf(root).filter(({ share }) => share > 0)
}

function file(path: string): string {
  return `file:///opt/hmac-file-server/${path}`
}

test('each room has the share of the time that its own functions took', () => {
  const engine = frame(file('src/engine/receive.ts'), 30)
  const root = frame('', 10, frame(file('src/http/listener.ts'), 60, engine))
  assert.deepEqual(partsAtWork(root), [
    { part: 'http', share: 0.6 },
    { part: 'engine', share: 0.3 },
    { part: 'Node.js', share: 0.1 },
  ])
})

test('what Node.js, packages and the kernel do for a room counts for it', () => {
  const kernel = frame('', 5, frame('node:internal/fs/promises', 10))
  const packaged = frame(file('node_modules/lru-cache/src/http/index.js'), 5)
  const root = frame('', 0, frame(file('src/stores/memory/leases.ts'), 20, kernel, packaged))
  assert.deepEqual(partsAtWork(root), [{ part: 'stores', share: 1 }])
})

test('files of a room that are deeper within it count for the room', () => {
  const root = frame('', 0, frame(file('src/http/fast-lane/lane.ts'), 1))
  assert.deepEqual(partsAtWork(root), [{ part: 'http', share: 1 }])
})

test('collecting garbage and what is no JavaScript stand alone, whoever was at work', () => {
  const collecting = named('(garbage collector)', '', { itself: 30 })
  const root = frame(
    '',
    0,
    frame(file('src/gate/gate.ts'), 20, collecting),
    named('(program)', '', { itself: 50 }),
  )
  assert.deepEqual(partsAtWork(root), [
    { part: 'outside of JavaScript', share: 0.5 },
    { part: 'garbage collection', share: 0.3 },
    { part: 'gate', share: 0.2 },
  ])
})

test('a room that is called from several places is one part', () => {
  const core = (): Frame => frame(file('src/core/byte-source.ts'), 25)
  const root = frame(
    '',
    0,
    frame(file('src/http/body.ts'), 25, core()),
    frame(file('src/blobs/part.ts'), 25, core()),
  )
  assert.deepEqual(partsOf(root)[0], { part: 'core', share: 0.5 })
})

test('where the project lies is all the same', () => {
  const url = 'file:///usr/src/hmac-file-server/src/wire/header-fields.ts'
  assert.deepEqual(partsAtWork(frame('', 0, frame(url, 1))), [{ part: 'wire', share: 1 }])
})
