/** What a request is measured by, beside what is known of its owner. */
export interface Measures {
  /** Bytes of the upload that it begins; nothing: it begins none. */
  readonly size: number | undefined
  /** Bytes of the uploads begun in the latest hour, fading, this one included; nothing: it begins none. */
  readonly volume: number | undefined
  /** Requests of the latest ten minutes, fading, this one included. */
  readonly rate: number
  /** Unfinished uploads beside this one. */
  readonly concurrency: number
  /** Wrong credentials and proofs from the network in the latest hour, fading. */
  readonly failures: number
  /** Hour of the day, UTC. */
  readonly hour: number
  /** 0: a network of the owner's; 1: a new one among those it uses; 2: one from elsewhere. Nothing: not known yet. */
  readonly network: number | undefined
  /** Requests from elsewhere in the latest hour, fading, this one included; 0: it is not from there. Nothing: not known yet. */
  readonly elsewhere: number | undefined
  /** 0: a client that the owner uses; 1: another one. Nothing: not known yet. */
  readonly product: number | undefined
}

export type Feature = keyof typeof FEATURES

/** What features tell of: those of one kind say much the same, so the most surprising of them speaks for all. */
export type FeatureKind = 'amount' | 'pace' | 'time' | 'origin' | 'client' | 'failure'

interface FeatureRow {
  readonly kind: FeatureKind
  /** Number of bins of its histogram. */
  readonly bins: number
  /** Whether any rare value is suspicious, or only one that is high. */
  readonly side: 'rare' | 'high'
  /** The bin that a request falls into; nothing if it does not have the feature. */
  bin(measures: Measures): number | undefined
}

const KIB = 1024

/** Every feature: sizes and counts on a logarithmic scale, so that twice as much is as far wherever it begins. */
export const FEATURES = {
  size: {
    kind: 'amount',
    bins: 24,
    side: 'high',
    bin: ({ size }) => (size === undefined ? undefined : octaves(size / KIB)),
  },
  volume: {
    kind: 'amount',
    bins: 28,
    side: 'high',
    bin: ({ volume }) => (volume === undefined ? undefined : octaves(volume / KIB)),
  },
  rate: { kind: 'pace', bins: 16, side: 'high', bin: ({ rate }) => halfOctaves(rate) },
  concurrency: {
    kind: 'pace',
    bins: 12,
    side: 'high',
    bin: ({ concurrency }) => octaves(1 + concurrency),
  },
  hour: { kind: 'time', bins: 24, side: 'rare', bin: ({ hour }) => hour },
  network: { kind: 'origin', bins: 3, side: 'high', bin: ({ network }) => network },
  elsewhere: {
    kind: 'origin',
    bins: 16,
    side: 'high',
    bin: ({ elsewhere }) => (elsewhere === undefined ? undefined : halfOctaves(1 + elsewhere)),
  },
  product: { kind: 'client', bins: 2, side: 'high', bin: ({ product }) => product },
  failures: {
    kind: 'failure',
    bins: 12,
    side: 'high',
    bin: ({ failures }) => octaves(1 + failures),
  },
} as const satisfies Readonly<Record<string, FeatureRow>>

/** How often a value doubled, starting from 1, up to 31 times. */
function octaves(value: number): number {
  return 31 - Math.clz32(Math.min(Math.max(1, value), 2 ** 31))
}

/** How often a value grew by a factor of √2, starting from 1, up to 62 times. */
function halfOctaves(value: number): number {
  const whole = octaves(value)
  return 2 * whole + Number(value >= Math.SQRT2 * 2 ** whole)
}
