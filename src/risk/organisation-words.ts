import type { NetworkClass } from './place.ts'

/**
 * Words, and words in a row, of the names under which networks are announced. Whole words only, without accents.
 * `unclear` are those of carriers and hotspots that other words would class wrongly.
 *
 * Left out on purpose: what both kinds of carriers are called (telecom, wireless, broadband, mobility), and
 * those at whose servers the traffic of phones comes out again because they run a relay for them.
 */
const WORDS: Readonly<Record<NetworkClass | 'unclear', readonly string[]>> = {
  mobile: [
    'mobile',
    'cellular',
    'celular',
    'selular',
    'cellco partnership',
    'mobilfunk',
    'mobitel',
    'movil',
    'moviles',
    'at t mobility',
    'bell mobility',
  ],
  fixed: [
    'cable',
    'cablevision',
    'kabel',
    'dsl',
    'fiber',
    'fibre',
    'fibra',
    'ftth',
    'glasfaser',
    'university',
    'universitaet',
    'universitat',
    'universite',
    'universidad',
    'universidade',
    'universita',
    'universitas',
    'college',
    'school',
    'schools',
  ],
  hosting: [
    'hosting',
    'host',
    'hosts',
    'datacenter',
    'datacenters',
    'datacentre',
    'datacentres',
    'data center',
    'data centers',
    'data centre',
    'data centres',
    'colocation',
    'cloud',
    'server',
    'servers',
    'vps',
    'amazon 02',
    'amazon aes',
    'amazon com',
    'amazon data services',
    'amazon technologies',
    'as vultr',
    'godaddy',
    'microsoft azure',
    'microsoft corp msn as block',
    'microsoft corporation',
    'oracle bmc 31898',
    'hetzner',
    'ovh',
    'ovhcloud',
    'digitalocean',
    'linode',
    'constant company',
    'contabo',
    'leaseweb',
    'scaleway',
    'ionos',
    'netcup',
  ],
  unclear: [
    'china mobile',
    'cable wireless',
    'the cloud networks',
    'city of mobile',
    'mobile telesystems',
    't mobile austria',
    't mobile czech republic',
    't mobile netherlands',
    't mobile polska',
    't mobile thuis',
  ],
}

/** What the name of an organisation suggests of its networks; nothing where its words disagree. */
export function classOfName(name: string): NetworkClass | undefined {
  const words = ` ${plain(name)} `
  const found = CLASSES.filter((each) => WORDS[each].some((word) => words.includes(` ${word} `)))
  const [only, ...others] = found
  return only === 'unclear' || others.length > 0 ? undefined : only
}

const CLASSES = ['mobile', 'fixed', 'hosting', 'unclear'] as const

/** Small letters and digits, with one space between words. */
function plain(name: string): string {
  const bare = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase()
  return bare.replaceAll(/[^\p{L}\p{N}]+/gu, ' ').trim()
}
