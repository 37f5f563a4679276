import { createCipheriv } from 'node:crypto'
import type { Journey } from './resuming-client.ts'
import { seededRandom } from './statistics.ts'

const KIB = 1024

/** Amounts of one run. */
export interface Amounts {
  /** Uploads to a server before anything is measured. */
  readonly warmUp: number
  /** Uploads that begin at once. */
  readonly simultaneous: number
  /** Clients that switch; seconds that they keep switching, and between two switches. */
  readonly switching: number
  readonly seconds: number
  readonly every: number
  /** Uploads at once that are interrupted. */
  readonly interrupted: number
  /** Clients that come back by tus, to our server and to the peer. */
  readonly tus: number
  readonly tusPeer: number
  /** Stored sessions, rounds of requests beside them, and requests of a round. */
  readonly stored: number
  readonly rounds: number
  readonly requests: number
}

/** What the mission names. */
export const FULL: Amounts = {
  warmUp: 400,
  simultaneous: 1000,
  switching: 100,
  seconds: 300,
  every: 10,
  interrupted: 500,
  tus: 100,
  tusPeer: 10,
  stored: 100_000,
  rounds: 30,
  requests: 80,
}

/** Shows that everything works; its times mean nothing. */
export const SHORT: Amounts = {
  warmUp: 20,
  simultaneous: 50,
  switching: 10,
  seconds: 2,
  every: 0.5,
  interrupted: 25,
  tus: 3,
  tusPeer: 1,
  stored: 1000,
  rounds: 3,
  requests: 10,
}

/** One client of a load. */
export interface Plan extends Omit<Journey, 'port' | 'target' | 'signal'> {
  /** Milliseconds after the others' beginning. */
  readonly startsAfter: number
}

/** Plans of a part of the load, in which the seed decides where networks are lost. */
export type Planner = (amounts: Amounts, seed: number) => Plan[]

/** Bytes per second of clients whose takeover is measured: a phone, rather than a test of the disk. */
const RATE = 64 * KIB

/** A client's two networks: loopback addresses that no other client has. */
function networksOf(client: number): readonly string[] {
  const host = `${client >> 8}.${client & 255}`
  return [`127.1.${host}`, `127.2.${host}`]
}

/** Bytes that the seed repeats, and that no other client sends. */
function bodyOf(size: number, { seed, client }: { seed: number; client: number }): Buffer {
  const key = Buffer.alloc(16)
  key.writeUInt32BE(seed >>> 0, 0)
  key.writeUInt32BE(client, 4)
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
}

/** Small uploads one after the other, after which the server's compiler has seen its code. */
export function warmUp(amounts: Amounts, seed: number): Plan[] {
  return Array.from({ length: amounts.warmUp }, (_, client) => ({
    body: bodyOf(16 * KIB, { seed, client }),
    networks: networksOf(client),
    startsAfter: client * 10,
    loss: { bytes: 8 * KIB },
    manner: 'reset',
    losses: 1,
  }))
}

/** Many uploads that begin at once, each over one connection. */
export function simultaneous(amounts: Amounts, seed: number): Plan[] {
  return Array.from({ length: amounts.simultaneous }, (_, client) => ({
    startsAfter: 0,
    body: bodyOf(128 * KIB, { seed, client }),
    networks: networksOf(client),
    rate: 32 * KIB,
    manner: 'silent',
    losses: 0,
  }))
}

/** Clients that change their network as long as they upload; the old connection stays half-open. */
export function switching({ switching: clients, seconds, every }: Amounts, seed: number): Plan[] {
  const random = seededRandom(seed)
  return Array.from({ length: clients }, (_, client) => ({
    startsAfter: random() * every * 1000,
    body: bodyOf(seconds * RATE, { seed, client }),
    networks: networksOf(client),
    rate: RATE,
    loss: { milliseconds: every * 1000 * (0.8 + 0.4 * random()) },
    manner: 'silent',
    losses: Infinity,
  }))
}

/** Uploads at once, begun one by one, whose connection is reset once, at a random byte. */
export function interrupted(amounts: Amounts, seed: number): Plan[] {
  const random = seededRandom(seed)
  const size = Math.min(amounts.seconds * RATE, 1024 * KIB)
  return Array.from({ length: amounts.interrupted }, (_, client) => ({
    startsAfter: random() * amounts.every * 1000,
    body: bodyOf(size, { seed, client }),
    networks: networksOf(client),
    rate: RATE,
    loss: { bytes: Math.floor(random() * size) },
    manner: 'reset',
    losses: 1,
  }))
}
