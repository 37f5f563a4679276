import type { Sighting } from '../src/risk/anomaly/detector.ts'
import {
  type Commuter,
  DAY,
  type Deed,
  HOSTING,
  HOUR,
  LINES,
  MIB,
  between,
  ended,
  logNormal,
  pick,
  someSize,
  somePrefix,
  whereabouts,
} from './anomaly-commuters.ts'

const TOOLS = ['curl', 'python-requests', 'Go-http-client', 'okhttp', 'aiohttp']

interface Attack {
  readonly title: string
  /** Whether it is a theft or an exfiltration that the demand is about. */
  readonly isDemanded: boolean
  act(victim: Commuter, midnight: number, random: () => number): Deed[]
}

export type AttackName = keyof typeof ATTACKS

/** Who acts, from where, and when. */
interface Actor {
  readonly owner: string
  readonly network: string
  readonly product: string
  readonly startsAt: number
}

/** How much is done. */
interface Load {
  readonly requests: number
  /** Seconds between requests. */
  readonly pause: readonly [number, number]
  /** Size of the upload that a request begins; nothing if it goes on with one. */
  readonly size: () => number | undefined
}

function act(actor: Actor, { requests, pause, size }: Load, random: () => number): Deed[] {
  const { owner, network, product } = actor
  let at = actor.startsAt
  const deeds: Deed[] = []
  for (let request = 0; request < requests; request += 1) {
    at += between(...pause, random) * 1000
    const bytes = size()
    const sized = bytes === undefined ? {} : { size: Math.max(1, Math.round(bytes)) }
    const sighting: Sighting = { at, owner, network, product, ...sized }
    deeds.push({ at, kind: 'request', sighting })
    if (bytes === undefined) continue
    deeds.push({ at: at + 1, kind: 'opened', sighting })
    deeds.push(ended(sighting, at + 2 + (1000 * bytes) / (8 * MIB)))
  }
  return deeds
}

function awake({ wakes, sleeps }: Commuter, random: () => number): number {
  return between(wakes, sleeps, random) * HOUR
}

/** Half of what a thief does goes on with stolen uploads, the rest uses stolen slots. */
function stolen(random: () => number): Load {
  return {
    requests: Math.round(between(10, 40, random)),
    pause: [1, 30],
    size: () => (random() < 0.5 ? undefined : someSize(random)),
  }
}

function bulk(random: () => number): Load {
  return {
    requests: Math.round(between(20, 200, random)),
    pause: [2, 30],
    size: () => logNormal({ median: 40 * MIB, spread: 1.2 }, random),
  }
}

function own(victim: Commuter, startsAt: number, random: () => number): Actor {
  const { owner, products } = victim
  const hour = (startsAt % DAY) / HOUR
  return {
    owner,
    network: whereabouts(victim, hour, random),
    product: pick(products, random),
    startsAt,
  }
}

/** Wrong credentials in a row, from where the actor is. */
function guesses({ startsAt, network, owner }: Actor, count: number): Deed[] {
  return Array.from({ length: count }, (_, number) => {
    const at = startsAt - (count - number) * 500
    return { at, kind: 'failure', sighting: { at, owner: `unknown ${owner}`, network } }
  })
}

function hit(random: () => number): Load {
  return {
    requests: Math.round(between(1, 10, random)),
    pause: [1, 10],
    size: () => someSize(random),
  }
}

/** Every kind of attack; what each does is drawn anew for each victim. */
export const ATTACKS = {
  'thief-tool': {
    title: 'theft: another program in a data centre, at any hour',
    isDemanded: true,
    act(victim, midnight, random) {
      const startsAt = midnight + random() * DAY
      const network = somePrefix(HOSTING, random)
      const actor = { owner: victim.owner, network, product: pick(TOOLS, random), startsAt }
      return act(actor, stolen(random), random)
    },
  },
  'thief-imitating': {
    title: 'theft: names the victim’s client, from a home elsewhere, at any hour',
    isDemanded: true,
    act(victim, midnight, random) {
      const startsAt = midnight + random() * DAY
      const network = somePrefix(LINES, random)
      const product = pick(victim.products, random)
      return act({ owner: victim.owner, network, product, startsAt }, stolen(random), random)
    },
  },
  'thief-near': {
    title: 'theft: names the victim’s client, from the victim’s carrier, while the victim is awake',
    isDemanded: false,
    act(victim, midnight, random) {
      const [prefix = ''] = victim.mobile
      const [first, second] = prefix.split('.')
      const network = `${first}.${second}.${Math.floor(random() * 256)}.0/24`
      const product = pick(victim.products, random)
      const startsAt = midnight + awake(victim, random)
      return act({ owner: victim.owner, network, product, startsAt }, stolen(random), random)
    },
  },
  'bulk-own': {
    title: 'exfiltration: 20 to 200 files of 40 MiB, on the victim’s own device',
    isDemanded: true,
    act(victim, midnight, random) {
      const startsAt = midnight + awake(victim, random)
      return act(own(victim, startsAt, random), bulk(random), random)
    },
  },
  'bulk-foreign': {
    title: 'exfiltration: the same by another program in a data centre',
    isDemanded: true,
    act(victim, midnight, random) {
      const startsAt = midnight + random() * DAY
      const network = somePrefix(HOSTING, random)
      const actor = { owner: victim.owner, network, product: pick(TOOLS, random), startsAt }
      return act(actor, bulk(random), random)
    },
  },
  'bulk-slow': {
    title: 'exfiltration: a file of 5 MiB every ten to twenty minutes, on the victim’s own device',
    isDemanded: false,
    act(victim, midnight, random) {
      const actor = own(victim, midnight + victim.wakes * HOUR, random)
      const size = (): number => logNormal({ median: 5 * MIB, spread: 0.5 }, random)
      return act(actor, { requests: 40, pause: [600, 1200], size }, random)
    },
  },
  'stuffing-one': {
    title: 'credential stuffing: 20 to 500 wrong ones from one network, then a right one',
    isDemanded: false,
    act(victim, midnight, random) {
      const startsAt = midnight + random() * DAY
      const network = somePrefix(HOSTING, random)
      const actor = { owner: victim.owner, network, product: pick(TOOLS, random), startsAt }
      const tries = guesses(actor, Math.round(between(20, 500, random)))
      return [...tries, ...act(actor, hit(random), random)]
    },
  },
  'stuffing-spread': {
    title: 'credential stuffing: a network for each try, naming a client of many',
    isDemanded: false,
    act(victim, midnight, random) {
      const startsAt = midnight + random() * DAY
      const product = pick(['Conversations', 'Dino', 'Gajim'], random)
      const actor = { owner: victim.owner, network: somePrefix(LINES, random), product, startsAt }
      return act(actor, hit(random), random)
    },
  },
} as const satisfies Readonly<Record<string, Attack>>
