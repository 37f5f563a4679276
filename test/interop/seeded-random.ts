import { createCipheriv, randomInt } from 'node:crypto'
import process from 'node:process'

/** Random choices that one number repeats. */
export interface SeededRandom {
  readonly seed: number
  /** From 0 up to, not including, 1. */
  readonly fraction: () => number
  /** A whole number from `low` to `high`, both included. */
  readonly integer: (low: number, high: number) => number
  readonly bytes: (size: number) => Buffer
}

/** The seed of this run: the variable `SEED`, else a fresh one. */
export function seedOfThisRun(): number {
  const given = process.env['SEED']
  return given === undefined ? randomInt(2 ** 31) : Number(given)
}

/** Mulberry32: 32 bits of state are plenty for choosing moments. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (low: number, high: number): number =>
    low + Math.floor(fraction() * (high - low + 1))
  return { seed, fraction, integer, bytes: (size) => keystream(integer(0, 2 ** 31), size) }
}

function keystream(key: number, size: number): Buffer {
  const block = Buffer.alloc(16)
  block.writeUInt32BE(key)
  return createCipheriv('aes-128-ctr', block, Buffer.alloc(16)).update(Buffer.alloc(size))
}
