/** What is unusual of a user over HTTP: learnt from uploads, told with what made it so, and a reason of levels. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { MOBILE, WIFI, goOn, opened, opening, stopClock } from './bound-uploads.ts'
import { creation, head } from './rufh-client.ts'
import { PUBLIC_URL, askProved } from './session-client.ts'
import { type Line, type Site, auditOf, startSite } from './site.ts'
import { type SignedPut, signedPut } from './slots.ts'
import { metricsOf } from './visits.ts'
import { ask, having } from './wire-client.ts'

const HOUR = 3_600_000
const JID = 'romeo@montague.example'
const ON = [
  'anomaly.enabled=true',
  'admin.listen=127.0.0.1:0',
  'limits.open_uploads_per_owner=99',
  PUBLIC_URL,
]
const PHONE = { 'User-Agent': 'Conversations/2.1' }
const TOOL = { 'User-Agent': 'curl/8.5' }

function put(name: string, body: string | Buffer = 'hello'): SignedPut {
  return signedPut(`a/${name}.txt`, body, { scheme: 'jwt', user: JID })
}

/** Uploads from home by the user's phone, six in a row every hour, the first of which stays unfinished. */
async function habits(site: Site, t: TestContext, uploads = 240): Promise<void> {
  for (let number = 0; number < uploads; number += 1) {
    const whole = put(`usual-${number}`)
    const begun = creation(whole, 8, { bytes: Buffer.alloc(0), isComplete: false })
    const usual = having({ ...(number % 6 === 0 ? begun : whole), from: WIFI }, PHONE)
    assert.equal((await ask(site.port, usual)).status, 201)
    goOn(t, number % 6 === 5 ? HOUR : 1000)
  }
}

/** So many uploads in a row by another program from elsewhere. */
async function steal({ port }: Site, uploads: number): Promise<void> {
  for (let number = 0; number < uploads; number += 1) {
    const stolen = having({ ...put(`stolen-${number}`), from: MOBILE }, TOOL)
    assert.equal((await ask(port, stolen)).status, 201)
  }
}

async function anomaliesOf(site: Site): Promise<readonly Line[]> {
  await site.server.shutdown()
  const lines = await auditOf(site.folder)
  return lines.filter(({ event, why }) => event === 'assessed' && /anomaly/u.test(String(why)))
}

/** The lines of what is unusual after habits and a theft, with these options. */
async function afterTheft(t: TestContext, ...flags: readonly string[]): Promise<readonly Line[]> {
  stopClock(t)
  await using site = await startSite([...ON, ...flags])
  await habits(site, t)
  await steal(site, 12)
  return await anomaliesOf(site)
}

test('without being asked to, the server learns nothing and finds nothing unusual', async (t) => {
  assert.deepEqual(await afterTheft(t, 'anomaly.enabled=false'), [])
})

test('slots of a user that another program uses in a row from elsewhere are told with what is unusual of them, and are not refused', async (t) => {
  const lines = await afterTheft(t)
  assert.ok(lines.length > 0)
  const words = String(lines.at(-1)?.['features']).split(' ')
  assert.ok(words.includes('product') && words.includes('rate'), words.join())
  assert.ok(Number(lines.at(-1)?.['score']) >= 13)
})

/** The levels that a session's client is told of from elsewhere, and the answer that ends it. */
async function levelsOfStolenKey(site: Site): Promise<readonly string[]> {
  const slot = having(opening(undefined, put('session')), PHONE)
  const { target, session } = await opened(site, slot)
  const levels: string[] = []
  let held = session
  for (let request = 0; request < 20; request += 1) {
    const asked = having({ ...head(target, 8), from: MOBILE }, PHONE)
    const { reply, session: next } = await askProved(site, asked, held)
    levels.push(reply.headers['x-security-level'] ?? '')
    if (reply.status === 401) return levels
    held = next
  }
  return levels
}

test('who uses the key of a session from elsewhere, more and more, gets level 2, then level 3, and the trail has why', async (t) => {
  stopClock(t)
  // Nothing but habits speaks against the thief, who has the key and names the client of its owner.
  const silent = ['security.challenge_on_network_change=false', 'security.network_change_limit=99']
  const scores = ['anomaly.level_2_score=8', 'anomaly.level_3_score=12']
  await using site = await startSite([...ON, ...silent, ...scores])
  await habits(site, t)
  const levels = await levelsOfStolenKey(site)
  assert.deepEqual([...new Set(levels)].slice(-2), ['2', '3'], levels.join())
  const metrics = await metricsOf(site)
  assert.match(metrics, /^hfs_anomaly_verdicts_total\{level="3",verdict="refused"\} 1$/mu)
  assert.match(metrics, /^hfs_anomaly_score_bits_count [1-9]/mu)
  const decisions = (await anomaliesOf(site)).filter(({ verdict }) => verdict !== 'confirmed')
  assert.deepEqual([...new Set(decisions.map(({ level }) => level))], [2, 3])
  for (const { features } of decisions) assert.match(String(features), /network/u)
})
