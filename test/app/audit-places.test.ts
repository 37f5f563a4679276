/** The audit trail says where suspicious requests came from, as far as databases know and privacy permits. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type MmdbMap, mmdbOf } from '../risk/mmdb-writer.ts'
import { cutUpload, largePut } from './session-proofs.ts'
import { type Line, auditOf, startSite, temporaryFolder } from './site.ts'
import { metricsOf } from './visits.ts'
import { ask } from './wire-client.ts'

const WIFI = '127.0.0.2'
const MOBILE = '127.0.1.2'

const DATABASES = {
  asn: {
    '127.0.0.0/24': { autonomous_system_number: 64_500n, connection_type: 'Cable/DSL' },
    '127.0.1.0/24': {
      autonomous_system_number: 64_501n,
      autonomous_system_organization: 'Example Mobile Ltd',
    },
  },
  city: { '127.0.0.0/24': { country_code: 'DE' }, '127.0.1.0/24': { country_code: 'PT' } },
} as const satisfies Readonly<Record<string, Readonly<Record<string, MmdbMap>>>>

const IN_PORTUGAL = { country: 'PT', asn: 64_501, networkClass: 'mobile' }

type Kind = keyof typeof DATABASES

/** What is told of an upload that changes its network on a site with these databases. */
interface Told {
  readonly assessed: Line | undefined
  readonly changed: Line | undefined
  readonly metrics: string
}

async function toldOfChange(kinds: readonly Kind[], privacy: string): Promise<Told> {
  await using folder = await temporaryFolder()
  const flags = kinds.map((kind) => `geo.${kind}_database=${join(folder.path, kind)}`)
  for (const kind of kinds) await writeFile(join(folder.path, kind), mmdbOf(DATABASES[kind]))
  await using site = await startSite([
    ...flags,
    `privacy.address=${privacy}`,
    'admin.listen=127.0.0.1:0',
  ])
  const put = largePut()
  await cutUpload(site, put, WIFI)
  assert.equal((await ask(site.port, { ...put, from: MOBILE })).status, 201)
  const metrics = await metricsOf(site)
  await site.server.shutdown()
  const lines = await auditOf(site.folder)
  const lineOf = (name: string): Line | undefined => lines.find(({ event }) => event === name)
  return { assessed: lineOf('assessed'), changed: lineOf('network-changed'), metrics }
}

for (const privacy of ['full', 'prefix']) {
  test(`a suspicious request is audited with its country, autonomous system and class of network, with privacy.address = ${privacy}`, async () => {
    const { assessed } = await toldOfChange(['asn', 'city'], privacy)
    const { country, asn, networkClass } = assessed ?? {}
    assert.deepEqual({ country, asn, networkClass }, IN_PORTUGAL)
  })
}

test('a database of autonomous systems alone is enough for their numbers', async () => {
  const { assessed } = await toldOfChange(['asn'], 'prefix')
  assert.deepEqual([assessed?.['country'], assessed?.['asn']], [undefined, 64_501])
})

test('a change from WiFi to a mobile network is audited and counted as one', async () => {
  const { changed, metrics } = await toldOfChange(['asn'], 'prefix')
  assert.deepEqual([changed?.['fromClass'], changed?.['networkClass']], ['fixed', 'mobile'])
  assert.match(metrics, /^hfs_network_switches_total\{from="fixed",to="mobile"\} 1$/mu)
})

test('without a database that tells them the classes of networks are unknown', async () => {
  const { assessed, changed, metrics } = await toldOfChange(['city'], 'prefix')
  for (const line of [assessed, changed]) {
    assert.ok(line !== undefined && !('networkClass' in line) && !('fromClass' in line))
  }
  assert.match(metrics, /^hfs_network_switches_total\{from="unknown",to="unknown"\} 1$/mu)
})

test('with privacy.address = none nobody learns from the audit where a request came from', async () => {
  const { assessed, changed } = await toldOfChange(['asn', 'city'], 'none')
  const fields = ['time', 'event', 'session', 'level', 'why', 'verdict']
  assert.deepEqual(Object.keys(assessed ?? {}), fields)
  assert.deepEqual(Object.keys(changed ?? {}), ['time', 'event', 'slot'])
})
