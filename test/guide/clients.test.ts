/**
 * The guide for developers of clients: its commands print what it says they print, against a server
 * of ours, and its programs come through what it says they come through.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test, { type TestContext } from 'node:test'
import type { Cut } from '../app/cutting-proxy.ts'
import { proxiedSite } from '../app/proxied-site.ts'
import { type Line, auditOf, temporaryFolder } from '../app/site.ts'
import { contentOf } from '../app/visits.ts'
import { HEADS, PHOTO_SIZE, allShown, printed, shownWith, slotFor, unpackGuide } from './guide.ts'

/** What came of the photo. */
interface Sending {
  readonly printed: string
  readonly isWhole: boolean
  /** Cuts that did not happen. */
  readonly cutsLeft: number
  /** Bytes that reached the server, heads of requests included. */
  readonly bytes: number
  /** The audit trail. */
  readonly lines: readonly Line[]
}

/** Runs commands of the guide, with a slot for its photo. */
async function sending(
  t: TestContext,
  commands: string,
  { cuts = [], flags = [] }: { cuts?: readonly Cut[]; flags?: readonly string[] } = {},
): Promise<Sending> {
  await using folder = await temporaryFolder()
  const photo = await unpackGuide(folder.path)
  await using both = await proxiedSite(cuts, flags)
  const { site, proxy } = both
  const { path, url } = slotFor(photo, proxy.port)
  const run = { folder: folder.path, variables: { SLOT: url }, signal: t.signal }
  const text = await printed(commands, run)
  const isWhole = photo.equals(await contentOf(site, path))
  await site.server.shutdown()
  const lines = await auditOf(site.folder)
  return { printed: text, isWhole, cutsLeft: proxy.left(), bytes: proxy.passed(), lines }
}

const NO_CURL = spawnSync('curl', ['--version']).error !== undefined && 'curl is not installed'

for (const { commands, prints } of allShown()) {
  if (commands.includes('$NEW_SLOT')) continue
  const skip = commands.startsWith('curl') && NO_CURL
  test(`this prints what the guide says: ${commands.split('\n')[0]}`, { skip }, async (t) => {
    const { printed: text, isWhole } = await sending(t, commands)
    assert.equal(text, prints)
    assert.ok(isWhole)
  })
}

const PROGRAMS = { 'send.mjs': undefined, 'bound.mjs': 'hmac', 'bound-dpop.mjs': 'dpop' }

/** Where connections are cut: with the first answer, in the middle, and with the last answer. */
const CUTS = {
  'the answer to its creation is lost': { at: 300, kind: 'lost-answer' },
  'it breaks and the server does not hear of it': { at: PHOTO_SIZE / 2, kind: 'hole' },
  'the last answer is lost': { at: PHOTO_SIZE, kind: 'lost-answer' },
} as const

for (const [program, key] of Object.entries(PROGRAMS)) {
  const { commands, prints } = shownWith(`node ${program} photo.jpg image/jpeg "$SLOT"\n`)

  for (const [what, cut] of Object.entries(CUTS)) {
    test(`${program} sends no byte twice that the server has when ${what}`, async (t) => {
      const sent = await sending(t, commands, { cuts: [cut] })
      assert.equal(sent.printed, prints)
      assert.equal(sent.cutsLeft, 0)
      assert.ok(sent.isWhole)
      const resumed = sent.lines.find(({ event }) => event === 'resumed')
      // What the network still had when it broke is nobody's.
      const lost = cut.kind === 'hole' ? cut.at - Number(resumed?.['kept']) : 0
      assert.ok(sent.bytes < PHOTO_SIZE + lost + HEADS, `${sent.bytes} bytes, ${lost} of them lost`)
    })
  }

  const opens = key === undefined ? 'no session' : `one session, by ${key}`
  test(`${program} opens ${opens}, and is not asked twice`, async (t) => {
    const { lines } = await sending(t, commands)
    const opened = lines
      .filter(({ event }) => event === 'session-opened')
      .map((line) => line['key'])
    assert.deepEqual(opened, key === undefined ? [] : [key])
    // A first DPoP proof has no nonce of the server.
    const asked = lines.filter(({ event }) => event === 'unproved').map(({ why }) => why)
    assert.deepEqual(asked, key === 'dpop' ? ['nonce'] : [])
  })
}

test('bound.mjs uploads without a session where there are none', async (t) => {
  const { commands, prints } = shownWith('node bound.mjs photo.jpg image/jpeg "$SLOT"\n')
  const sent = await sending(t, commands, { flags: ['session_store.enabled=false'] })
  assert.equal(sent.printed, prints)
  assert.ok(sent.isWhole)
})
