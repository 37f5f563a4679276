import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { classOfName } from '../../src/risk/organisation-words.ts'
import type { NetworkClass } from '../../src/risk/place.ts'

/** Names as databases of autonomous systems have them. */
const NAMES: Readonly<Record<NetworkClass, readonly string[]>> = {
  mobile: [
    'T-Mobile USA, Inc.',
    'Free Mobile SAS',
    'PT. Telekomunikasi Selular',
    'Telefónica Móviles Argentina S.A.',
    'Telefonica Celular de Bolivia S.A.',
    'Cellco Partnership DBA Verizon Wireless',
    'AT&T Mobility LLC',
    'E-Plus Mobilfunk GmbH',
    'Rakuten Mobile, Inc.',
  ],
  fixed: [
    'Comcast Cable Communications, LLC',
    'Google Fiber Inc.',
    'Deutsche Glasfaser Wholesale GmbH',
    'DANSK KABEL TV A/S',
    'GIGA MAIS FIBRA TELECOMUNICACOES S.A.',
    'Universität Stuttgart',
    'Universitaet Stuttgart',
    'The University of Tokyo',
    'Evergreen Public Schools',
  ],
  hosting: [
    'Amazon.com, Inc.',
    'AMAZON-02',
    'AMAZON-AES',
    'MICROSOFT-CORP-MSN-AS-BLOCK',
    'ORACLE-BMC-31898',
    'AS-VULTR',
    'Hetzner Online GmbH',
    'OVH SAS',
    'DigitalOcean, LLC',
    'Microsoft Corporation',
    'The Constant Company, LLC',
    'Yandex.Cloud LLC',
    'Servers.com, Inc.',
    'Your Hosting B.V.',
    'NTT Global Data Centers EMEA GmbH',
  ],
}

for (const [kind, names] of Object.entries(NAMES)) {
  test(`the names of ${kind} networks that say so are understood`, () => {
    for (const name of names) assert.equal(classOfName(name), kind, name)
  })
}

test('carriers of both kinds, and relays that phones use, are not known by their names', () => {
  for (const name of [
    'Deutsche Telekom AG',
    'Orange S.A.',
    'Vodafone GmbH',
    'Telefonica Germany GmbH & Co.OHG',
    'China Mobile Communications Corporation',
    'Mobile TeleSystems PJSC',
    'T-Mobile Polska S.A.',
    'T-Mobile Czech Republic a.s.',
    'T-Mobile Austria GmbH',
    'T-Mobile Netherlands B.V.',
    'Cable & Wireless Panama',
    'Maxis Broadband Sdn Bhd',
    'JAB Wireless, INC.',
    'Cloudflare, Inc.',
    'Akamai International B.V.',
    'Google LLC',
    'Mercedes-Benz Group AG',
    '',
    '…',
  ]) {
    assert.equal(classOfName(name), undefined, name)
  }
})

test('a part of a word is none', () => {
  for (const name of [
    'Exxon Mobil Corporation',
    'Uniserver Internet B.V.',
    'Cablenet',
    'Hostess',
  ]) {
    assert.equal(classOfName(name), undefined, name)
  }
})

test('words that disagree say nothing', () => {
  for (const name of ['Cable and mobile best service', 'Stanford University Cloud']) {
    assert.equal(classOfName(name), undefined, name)
  }
})

test('docs/security-levels.md names words of each class', async () => {
  const page = await readFile(new URL('../../docs/security-levels.md', import.meta.url), 'utf8')
  for (const kind of Object.keys(NAMES)) {
    const [, cell = ''] = new RegExp(`^ +\\| ${kind} \\| (.+) \\|$`, 'mu').exec(page) ?? []
    const words = [...cell.matchAll(/`([^`]+)`/gu)].map(([, word = '']) => word)
    assert.ok(words.length > 10, kind)
    for (const word of words) assert.equal(classOfName(word), kind, word)
  }
})
