/** Keys that change while the server runs: nobody notices, until the old ones end. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { keyFileNeeds } from '../../src/app/key-upkeep.ts'
import { systemClock } from '../../src/core/clock.ts'
import { readKeyFile } from '../../src/keys/key-file.ts'
import { retireKey, rotateKeys } from '../../src/keys/rotation.ts'
import { BODY, PATH, last, opened, opening } from './bound-uploads.ts'
import {
  ROOM,
  ROTATING,
  changeKeys,
  endOldKeys,
  secretFlags,
  secretOf,
  uploadWhileKeysChange,
} from './rotating-keys.ts'
import { WAYS } from './rotation-load.ts'
import { head } from './rufh-client.ts'
import { PUBLIC_URL, askProved, challengeIn, freshNonce, proved } from './session-client.ts'
import { type Site, startSite } from './site.ts'
import { signedPut } from './slots.ts'
import { startTeamSite } from './team-site.ts'
import { contentOf } from './visits.ts'
import { ask, having } from './wire-client.ts'

const REFRESH = { method: 'POST', target: '/-/session/refresh', body: '' }

/** The keys' names in the file, the newest first. */
async function kidsOf({ config }: Pick<Site, 'config'>): Promise<string[]> {
  const entries = (await readKeyFile(config.security.masterKey)) ?? []
  return entries.map(({ kid }) => kid)
}

test('60 uploads by every way go on while the secrets and the master key change twice', async () => {
  const seed = randomInt(2 ** 31)
  await using site = await startSite([...ROOM, ...secretFlags(0)])
  const run = { uploads: 60, bytes: 20_000, seed }
  const ways = await uploadWhileKeysChange(site, run).catch((cause: unknown) => {
    throw new Error(`seed ${seed}`, { cause })
  })
  assert.deepEqual(
    [...ways],
    Object.keys(WAYS).map((way) => [way, 10]),
  )
  assert.equal((await kidsOf(site)).length, 3)
})

test('a secret after its not_after is refused by every way to upload, the new one is not', async () => {
  await using site = await startSite([...ROOM, ...secretFlags(0)])
  await changeKeys(site, 1)
  await endOldKeys(site, 1, [])
  for (const scheme of ROTATING) {
    for (const [way, begin] of Object.entries(WAYS)) {
      const path = `${scheme}/${way}.bin`
      const old = signedPut(path, 'a body', { scheme, secret: secretOf(scheme, 0) })
      const refused = await ask(site.port, old)
      assert.deepEqual([refused.status, refused.code], [403, 'grant-invalid'], path)
      if (way !== 'plain') await assert.rejects(begin(site, old), /403|401/u, path)
      const put = signedPut(path, 'a body', { scheme, secret: secretOf(scheme, 1) })
      const upload = await begin(site, put)
      await upload.proceed()
      await upload.finish()
    }
  }
})

test('what came from a retired key is refused: proofs, fresh grants, and challenges', async () => {
  await using site = await startSite([PUBLIC_URL])
  const needs = keyFileNeeds(site.config, systemClock)
  const old = await opened(site)
  const refreshed = await askProved(site, REFRESH, old.session)
  const fresh = refreshed.reply.body.toString()
  const [, token = ''] = /"(?:token|authorization)":"(?:Bearer )?([^"]+)"/iu.exec(fresh) ?? []
  assert.notEqual(token, '', fresh)
  const { before } = await rotateKeys(needs, 0)
  await site.server.reload(site.config)

  const overlapping = await askProved(site, head(old.target, 8), refreshed.session)
  assert.equal(overlapping.reply.status, 204, 'the old key still verifies')
  await retireKey(needs, before.kid, { atOnce: true })
  await site.server.reload(site.config)
  await site.logged('master key removed')

  const { reply } = await askProved(site, last(old.target), overlapping.session)
  assert.deepEqual([reply.status, reply.code], [401, 'proof-required'])
  const again = await ask(site.port, proved(last(old.target), old.session, challengeIn(reply)))
  assert.equal(again.status, 401, 'nor with a challenge of the new key')
  const another = opening(freshNonce(), signedPut('a/new.txt', BODY))
  const asked = await ask(site.port, proved(another, old.session, challengeIn(again)))
  assert.equal(asked.status, 401, 'nor for a new slot')
  const levels = [reply, again, asked].map(({ headers }) => headers['x-security-level'])
  assert.deepEqual(levels, ['2', '2', '2'], 'the session is not gone')
  await opened(site, another)
  const grant = { method: 'PUT', target: `/${PATH}`, body: BODY }
  const shown = await ask(site.port, having(grant, { Authorization: `Bearer ${token}` }))
  assert.deepEqual([shown.status, shown.code], [403, 'grant-invalid'])
})

test('a challenge of a key that is gone is asked for anew, and the session goes on', async () => {
  await using site = await startSite([PUBLIC_URL])
  const needs = keyFileNeeds(site.config, systemClock)
  const { target, session } = await opened(site)
  const { kid } = await rotateKeys(needs, 0)
  await site.server.reload(site.config)
  const newer = await askProved(site, head(target, 8), session)
  assert.equal(newer.reply.status, 204)
  await retireKey(needs, kid, { atOnce: true })
  await site.server.reload(site.config)
  await site.logged('master key removed')
  const refused = await askProved(site, last(target), newer.session)
  assert.equal(refused.reply.status, 401)
  const answered = proved(last(target), session, challengeIn(refused.reply))
  assert.equal((await ask(site.port, answered)).status, 201)
})

test('two workers notice a new key by themselves, and understand the sessions of both keys', async () => {
  await using site = await startTeamSite([PUBLIC_URL, 'log.level=info'])
  const needs = keyFileNeeds(site.config, systemClock)
  const old = await opened(site)
  const { kid } = await rotateKeys(needs, 0)
  const noticed = new Set<unknown>()
  while (noticed.size < 3) {
    const line = await site.logged(
      ({ msg, worker }) => msg === 'master key added' && !noticed.has(worker),
    )
    assert.equal(line['kid'], kid)
    noticed.add(line['worker'])
  }
  const put = signedPut('a/new.txt', BODY)
  const young = await opened(site, opening(freshNonce(), put))
  const sessions = [old.session, young.session]
  const targets = [old.target, young.target]
  for (let times = 0; times < 8; times += 1) {
    const at = times % 2
    const { reply, session } = await askProved(
      site,
      head(targets[at] ?? '', 8),
      sessions[at] ?? old.session,
    )
    assert.equal(reply.status, 204)
    sessions[at] = session
  }
  for (const [at, target] of targets.entries()) {
    const { reply } = await askProved(site, last(target), sessions[at] ?? old.session)
    assert.equal(reply.status, 201)
  }
  assert.deepEqual(await contentOf(site, 'a/new.txt'), BODY)
})
