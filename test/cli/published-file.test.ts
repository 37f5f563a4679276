import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { isPublished } from '../../src/cli/published-file.ts'
import { startSite } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'
import { type AnswerCut, answerCutter } from '../client/answer-cutter.ts'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { temporaryFolder } from './cli-run.ts'

const random = seededRandom(seedOfThisRun())
const SIGNAL = new AbortController().signal

interface Scene extends AsyncDisposable {
  readonly link: string
  readonly path: string
  readonly content: Buffer
}

/** A file behind a link, and in a folder. */
async function scene(t: TestContext, size: number, cuts: readonly AnswerCut[]): Promise<Scene> {
  t.diagnostic(`SEED=${random.seed}`)
  const content = random.bytes(size)
  const path = join(await temporaryFolder(t), 'cat.jpg')
  await writeFile(path, content)
  await using opened = new AsyncDisposableStack()
  const site = opened.use(await startSite())
  const proxy = opened.use(await answerCutter(() => site.port, cuts))
  await ask(site.port, signedPut('a1b2/cat.jpg', content))
  const kept = opened.move()
  const link = `http://127.0.0.1:${proxy.port}/a1b2/cat.jpg`
  return { link, path, content, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

test('a file is compared to its end, over a loss as well', async (t) => {
  await using there = await scene(t, 2_000_000, [{ at: 1_000_000, kind: 'reset' }])
  const { link, path, content } = there
  const size = content.length
  assert.equal(await isPublished({ link, path, size }, SIGNAL), true)
  for (let tries = 0; tries < 5; tries += 1) {
    const at = random.integer(0, size - 1)
    const other = Buffer.from(content)
    other[at] = (other[at] ?? 0) ^ 1
    await writeFile(path, other)
    assert.equal(await isPublished({ link, path, size }, SIGNAL), false, `differs at ${at}`)
  }
})

test('a file that is longer or shorter, or not there, is not the same, whatever it begins with', async (t) => {
  await using there = await scene(t, 1000, [])
  const { link, path, content } = there
  for (const size of [0, 999, 1001]) {
    const other = Buffer.alloc(size)
    content.copy(other)
    await writeFile(path, other)
    assert.equal(await isPublished({ link, path, size }, SIGNAL), false, `${size} bytes`)
  }
  await writeFile(path, content)
  assert.equal(await isPublished({ link: `${link}.none`, path, size: 1000 }, SIGNAL), false)
  assert.equal(await isPublished({ link, path: `${path}.none`, size: 1000 }, SIGNAL), false)
})

test('a comparison that is stopped says why', async (t) => {
  await using there = await scene(t, 1000, [])
  const { link, path } = there
  const reason = new Error('stopped')
  await assert.rejects(isPublished({ link, path, size: 1000 }, AbortSignal.abort(reason)), reason)
})
