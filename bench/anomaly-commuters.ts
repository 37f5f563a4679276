import type { Sighting } from '../src/risk/anomaly/detector.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR
const MINUTE = 60_000
const KIB = 1024
export const MIB = 1024 * KIB

/** One thing that somebody does, without whom it is about. */
export interface Deed {
  readonly at: number
  readonly kind: 'request' | 'failure' | 'opened' | 'ended'
  readonly sighting: Sighting
}

/** Somebody with a phone: habits, and where they are at present. */
export interface Commuter {
  readonly number: number
  readonly owner: string
  readonly home: string
  readonly office: string | undefined
  /** Prefixes that the carrier gives. */
  readonly mobile: readonly string[]
  readonly products: string[]
  /** Hours of the day, UTC. */
  readonly wakes: number
  readonly sleeps: number
  readonly filesPerDay: number
  /** Days of a journey that are left, and the network there. */
  journey: { left: number; network: string; shift: number } | undefined
}

/** What commuters do, in numbers; shares are of days unless said otherwise. */
const HABITS = {
  /** Of commuters. */
  withOffice: 0.6,
  /** Of commuters. */
  withTwoClients: 0.25,
  /** Median and spread (σ of the logarithm) of files a day. */
  files: { median: 5, spread: 0.8 },
  albums: 0.04,
  albumFiles: { least: 5, most: 40 },
  nightFiles: 0.02,
  cafes: 0.03,
  journeys: 0.01,
  journeyDays: { least: 1, most: 6 },
  /** Of journeys. */
  journeysAbroad: 0.3,
  newClients: 0.0015,
  failures: 0.01,
  /** Of files: cut on the way, so that a second request goes on with it, from another network. */
  cut: 0.1,
  /** Of files: photo, voice message, video, document. */
  kinds: [
    { share: 0.6, median: 1.5 * MIB, spread: 0.8 },
    { share: 0.25, median: 60 * KIB, spread: 0.8 },
    { share: 0.08, median: 15 * MIB, spread: 1.1 },
    { share: 0.07, median: 400 * KIB, spread: 1.5 },
  ],
} as const

const PRODUCTS = ['Conversations', 'Monal', 'Dino', 'Gajim', 'Cheogram', 'Siskin', 'Psi', 'Kaidan']

export function pick<T>(values: readonly T[], random: () => number): T {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new RangeError('nothing to pick from')
  return value
}

export function between(least: number, most: number, random: () => number): number {
  return least + random() * (most - least)
}

/** The Box–Muller method. */
export function logNormal(
  { median, spread }: { readonly median: number; readonly spread: number },
  random: () => number,
): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return median * Math.exp(spread * normal)
}

/** A /24 of a /16 that is itself drawn, from the first octets of one kind of network. */
export function somePrefix(first: readonly number[], random: () => number): string {
  return `${pick(first, random)}.${byte(random)}.${byte(random)}.0/24`
}

function byte(random: () => number): number {
  return Math.floor(random() * 256)
}

/** First octets: lines to homes and offices, carriers, data centres. */
export const LINES = [77, 78, 79, 80, 81, 82]
const CARRIERS = [46, 37, 176]
export const HOSTING = [5, 45, 51, 95, 185]

export function someCommuter(number: number, random: () => number): Commuter {
  const first = pick(CARRIERS, random)
  const seconds = [Math.floor(random() * 24), Math.floor(random() * 24)]
  const thirds = Array.from({ length: 24 }, () => byte(random))
  const shift = between(-1.5, 1.5, random)
  const [one, two] = [pick(PRODUCTS, random), pick(PRODUCTS, random)]
  return {
    number,
    owner: `user:${number}@montague.example`,
    home: somePrefix(LINES, random),
    office: random() < HABITS.withOffice ? somePrefix(LINES, random) : undefined,
    mobile: thirds.map((third) => `${first}.${pick(seconds, random)}.${third}.0/24`),
    products: random() < HABITS.withTwoClients ? [one, two] : [one],
    wakes: 7 + shift,
    sleeps: 22.5 + shift,
    filesPerDay: Math.min(40, logNormal(HABITS.files, random)),
    journey: undefined,
  }
}

/** Where somebody is at an hour of the day, and with what. */
export function whereabouts(
  { home, office, mobile, wakes, journey }: Commuter,
  hour: number,
  random: () => number,
): string {
  if (journey !== undefined && random() < 0.7) return journey.network
  const isAtWork = hour > wakes + 1.5 && hour < wakes + 10
  const place = isAtWork ? office : home
  return place === undefined || random() < 0.3 ? pick(mobile, random) : place
}

export function someSize(random: () => number): number {
  let left = random()
  const kind = HABITS.kinds.find(({ share }) => (left -= share) < 0) ?? HABITS.kinds[0]
  return Math.max(1, Math.round(logNormal(kind, random)))
}

interface Day {
  readonly midnight: number
  /** A network of this day alone. */
  readonly cafe: string | undefined
}

/** What a commuter does on a day. */
export function dayOf(commuter: Commuter, midnight: number, random: () => number): Deed[] {
  travel(commuter, random)
  if (random() < HABITS.newClients) commuter.products[0] = pick(PRODUCTS, random)
  const cafe = random() < HABITS.cafes ? somePrefix(LINES, random) : undefined
  const day = { midnight, cafe }
  const shift = commuter.journey?.shift ?? 0
  const files = Math.round(-commuter.filesPerDay * Math.log(1 - random()))
  const deeds: Deed[] = []
  for (let file = 0; file < files; file += 1) {
    const hour = between(commuter.wakes, commuter.sleeps, random) + shift
    deeds.push(...oneFile(commuter, { ...day, hour }, random))
  }
  if (random() < HABITS.nightFiles) {
    deeds.push(...oneFile(commuter, { ...day, hour: between(0, 6, random) }, random))
  }
  if (random() < HABITS.albums) deeds.push(...album(commuter, day, random))
  if (random() < HABITS.failures) deeds.push(failure(commuter, day, random))
  return deeds
}

function travel(commuter: Commuter, random: () => number): void {
  const { journey } = commuter
  if (journey !== undefined) {
    journey.left -= 1
    if (journey.left <= 0) commuter.journey = undefined
    return
  }
  if (random() >= HABITS.journeys) return
  const { least, most } = HABITS.journeyDays
  commuter.journey = {
    left: Math.round(between(least, most, random)),
    network: somePrefix(LINES, random),
    shift: random() < HABITS.journeysAbroad ? Math.round(between(-9, 9, random)) : 0,
  }
}

function oneFile(
  commuter: Commuter,
  { midnight, hour, cafe }: Day & { readonly hour: number },
  random: () => number,
): Deed[] {
  const at = midnight + hour * HOUR
  const network = cafe !== undefined && random() < 0.3 ? cafe : whereabouts(commuter, hour, random)
  const product = pick(commuter.products, random)
  const sighting = { at, owner: commuter.owner, network, product, size: someSize(random) }
  const seconds = 1 + sighting.size / MIB
  const opened: Deed[] = [
    { at, kind: 'request', sighting },
    { at: at + 1, kind: 'opened', sighting },
  ]
  if (random() >= HABITS.cut) return [...opened, ended(sighting, at + seconds * 1000)]
  const again = at + between(10_000, 20 * MINUTE, random)
  const { size: _size, ...rest } = sighting
  const elsewhere = { ...rest, at: again, network: whereabouts(commuter, hour, random) }
  return [
    ...opened,
    { at: again, kind: 'request', sighting: elsewhere },
    ended(sighting, again + seconds * 1000),
  ]
}

export function ended(sighting: Sighting, at: number): Deed {
  return { at, kind: 'ended', sighting }
}

/** Photos in one go. */
function album(commuter: Commuter, { midnight }: Day, random: () => number): Deed[] {
  const hour = between(commuter.wakes, commuter.sleeps, random)
  const network = whereabouts(commuter, hour, random)
  const product = pick(commuter.products, random)
  const { least, most } = HABITS.albumFiles
  const files = Math.round(between(least, most, random))
  let at = midnight + hour * HOUR
  const deeds: Deed[] = []
  for (let file = 0; file < files; file += 1) {
    at += between(1000, 5000, random)
    const size = Math.round(logNormal(HABITS.kinds[0], random))
    const sighting = { at, owner: commuter.owner, network, product, size }
    deeds.push({ at, kind: 'request', sighting }, { at: at + 1, kind: 'opened', sighting })
    deeds.push(ended(sighting, at + between(1000, 9000, random)))
  }
  return deeds
}

function failure(commuter: Commuter, { midnight }: Day, random: () => number): Deed {
  const hour = between(commuter.wakes, commuter.sleeps, random)
  const at = midnight + hour * HOUR
  const network = whereabouts(commuter, hour, random)
  return { at, kind: 'failure', sighting: { at, owner: commuter.owner, network } }
}
