/**
 * The guide for developers of clients: its commands print what it says they print, against a server
 * of ours, and its programs come through what it says they come through.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import { proxiedSite } from '../app/proxied-site.ts'
import { temporaryFolder } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { contentOf } from '../app/visits.ts'
import { PHOTO_SIZE, allShown, printed, shownWith, unpackGuide } from './guide.ts'

interface Slot {
  readonly path: string
  readonly url: string
}

/** A slot for the photo of the guide, as ejabberd makes them: its user is known. */
function slotFor(photo: Buffer, port: number): Slot {
  const user = '3b0c7ac1d9ee1f0a5a4b2d8c6e7f90123456789a'
  const path = `${user}/${randomBytes(12).toString('hex')}/photo.jpg`
  return { path, url: `http://127.0.0.1:${port}${signedPut(path, photo).target}` }
}

const SHOWN_ONCE = allShown().filter(({ commands }) => !commands.includes('$NEW_SLOT'))

for (const { commands, prints } of SHOWN_ONCE) {
  test(`the guide says what this prints: ${commands.split('\n')[0]}`, async (t: TestContext) => {
    await using folder = await temporaryFolder()
    const photo = await unpackGuide(folder.path)
    await using both = await proxiedSite([])
    const { path, url } = slotFor(photo, both.proxy.port)
    const run = { folder: folder.path, variables: { SLOT: url }, signal: t.signal }
    assert.equal(await printed(commands, run), prints)
    assert.deepEqual(await contentOf(both.site, path), photo)
  })
}

for (const program of ['send.mjs', 'bound.mjs', 'bound-dpop.mjs']) {
  for (const kind of ['hole', 'lost-answer'] as const) {
    test(`${program} sends no byte twice that the server had: ${kind}`, async (t: TestContext) => {
      await using folder = await temporaryFolder()
      const photo = await unpackGuide(folder.path)
      await using both = await proxiedSite([{ at: PHOTO_SIZE / 2, kind }])
      const { path, url } = slotFor(photo, both.proxy.port)
      const run = { folder: folder.path, variables: { SLOT: url }, signal: t.signal }
      const { commands, prints } = shownWith(`node ${program} photo.jpg image/jpeg "$SLOT"\n`)
      assert.equal(await printed(commands, run), prints)
      assert.equal(both.proxy.left(), 0)
      assert.deepEqual(await contentOf(both.site, path), photo)
      assert.ok(both.proxy.passed() < PHOTO_SIZE * 1.2, `${both.proxy.passed()} bytes were sent`)
    })
  }
}
