/** The audit trail says where suspicious requests came from, as far as databases know and privacy permits. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type MmdbMap, mmdbOf } from '../risk/mmdb-writer.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Line, auditOf, startSite, temporaryFolder } from './site.ts'
import { ask } from './wire-client.ts'

const WIFI = '127.0.0.2'
const MOBILE = '127.0.1.2'

const DATABASES = {
  asn: {
    '127.0.0.0/24': { autonomous_system_number: 64_500n },
    '127.0.1.0/24': { autonomous_system_number: 64_501n },
  },
  city: { '127.0.0.0/24': { country_code: 'DE' }, '127.0.1.0/24': { country_code: 'PT' } },
} as const satisfies Readonly<Record<string, Readonly<Record<string, MmdbMap>>>>

type Kind = keyof typeof DATABASES

/** The `assessed` line of an upload that changes its network, on a site with these databases. */
async function lineOfChange(kinds: readonly Kind[], privacy: string): Promise<Line | undefined> {
  await using folder = await temporaryFolder()
  const flags = kinds.map((kind) => `geo.${kind}_database=${join(folder.path, kind)}`)
  for (const kind of kinds) await writeFile(join(folder.path, kind), mmdbOf(DATABASES[kind]))
  await using site = await startSite([...flags, `privacy.address=${privacy}`])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  return (await auditOf(site.folder)).find(({ event }) => event === 'assessed')
}

for (const privacy of ['full', 'prefix']) {
  test(`a suspicious request is audited with its country and autonomous system, with privacy.address = ${privacy}`, async () => {
    const line = await lineOfChange(['asn', 'city'], privacy)
    assert.deepEqual([line?.['country'], line?.['asn']], ['PT', 64_501])
  })
}

test('a database of autonomous systems alone is enough for their numbers', async () => {
  const line = await lineOfChange(['asn'], 'prefix')
  assert.deepEqual([line?.['country'], line?.['asn']], [undefined, 64_501])
})

test('with privacy.address = none nobody learns from the audit where a request came from', async () => {
  const line = await lineOfChange(['asn', 'city'], 'none')
  assert.deepEqual(Object.keys(line ?? {}), ['time', 'event', 'session', 'level', 'why', 'verdict'])
})
