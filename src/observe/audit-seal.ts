import { hash } from 'node:crypto'

/** The key of a chain's seals, and the name of the master key that it was derived from. */
export interface SealKey {
  readonly kid: string
  /** 32 bytes. */
  readonly key: Buffer
}

/** One MAC in two parts; nobody without the key can tell either, nor one from the other. */
export interface Seal {
  /** Stands in the line: 132 bits. */
  readonly shown: string
  /** Stands in the chain's head as long as the line is its last one: 124 bits. */
  readonly kept: string
}

const SHOWN_CHARACTERS = 22

/** What the first line of a chain is sealed after. */
export const BEFORE_FIRST = 'A'.repeat(SHOWN_CHARACTERS)

/** How a sealed line ends. */
const ENDING =
  /,"chain":"(?<chain>[\w-]{12})","n":(?<n>[1-9]\d{0,14}),"seal":"(?<shown>[\w-]{22})"\}$/u

/** A line as its own words have it; nothing of that is proved. */
export interface SealedLine {
  readonly chain: string
  readonly n: number
  readonly shown: string
  /** All of it that the seal covers. */
  readonly covered: string
}

/** Seals the lines of one chain. */
export interface Sealer {
  /** The seal of a line's text after the line before it. */
  seal(before: string, covered: string): Seal
  /** Puts the text that was sealed last there, in UTF-8; returns how many bytes that are. */
  copyTo(target: Buffer, at: number): number
}

const KEY_CHARACTERS = 43
const TEXT_START = KEY_CHARACTERS + SHOWN_CHARACTERS
const USUAL_BYTES = 1024

/** UTF-8 takes at most so many bytes for a UTF-16 code unit. */
export const MOST_UTF8 = 3

/** Makes what seals the lines of a chain with this key. */
export function sealer({ key }: SealKey): Sealer {
  const prefix = key.toString('base64url')
  // One for all lines: a buffer for each would cost as much as its hash.
  let message = Buffer.alloc(USUAL_BYTES, prefix)
  let end = 0
  return {
    seal(before, covered) {
      const most = TEXT_START + covered.length * MOST_UTF8
      if (message.length < most) message = Buffer.alloc(most, prefix)
      message.write(before, KEY_CHARACTERS, 'latin1')
      end = TEXT_START + message.write(covered, TEXT_START)
      // The key before the text makes a MAC of a hash that cannot be lengthened, such as SHA-512/256 (FIPS 180-4
      // §5.3.6), whose output is a half of its state. HMAC takes two hashes, and their calls are what costs.
      const mac = hash('sha512-256', message.subarray(0, end), 'base64url')
      return { shown: mac.slice(0, SHOWN_CHARACTERS), kept: mac.slice(SHOWN_CHARACTERS) }
    },
    copyTo: (target, at) => message.copy(target, at, TEXT_START, end),
  }
}

/** Adds its place in a chain to a line of the trail, given without its newline. */
export function coveredText(line: string, { chain, n }: { chain: string; n: number }): string {
  return `${line.slice(0, -1)},"chain":"${chain}","n":${n}`
}

/** What stands in the file behind the text that a seal covers. */
export function ending({ shown }: Seal): string {
  return `,"seal":"${shown}"}\n`
}

/** Reads a line, given without its newline; nothing if it has no seal. */
export function readSealed(line: string): SealedLine | undefined {
  const found = ENDING.exec(line)
  const { chain, n, shown } = found?.groups ?? {}
  if (found === null || chain === undefined || shown === undefined) return undefined
  const covered = line.slice(0, line.length - `,"seal":"${shown}"}`.length)
  return { chain, n: Number(n), shown, covered }
}
