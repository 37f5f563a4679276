import { duration, integer, toggle } from '../kinds.ts'
import { section } from '../option.ts'

/** Bounds of scores, in bits. */
const BITS = { min: 1, max: 100 } as const

export const anomaly = section(
  'Requests that are unusual of their user, by sizes, pace, hour, network, client and failures. Each process learns by itself, ' +
    'in memory, from grants that name users.',
  {
    enabled: toggle({
      reload: true,
      default: false,
      help: 'Whether habits are learnt and what is unusual becomes a reason of levels. Without security.enhanced_security it never does.',
    }),
    level_2_score: integer({
      ...BITS,
      reload: true,
      default: 13,
      help: 'Bits of surprise from which on a request is level 2. At 13 about one user in two thousand is met by it on a day.',
    }),
    level_3_score: integer({
      ...BITS,
      reload: true,
      default: 15,
      help: 'Bits of surprise from which on a request is level 3.',
    }),
    half_life: duration({
      reload: true,
      default: '30d',
      min: '1h',
      max: '365d',
      help: 'After this time what was learnt counts half. With privacy.retention at most a quarter of that.',
    }),
    warm_up: integer({
      reload: true,
      default: 20,
      min: 1,
      max: 10_000,
      help: 'Requests of a user before a network or a client can be new to it.',
    }),
    max_users: integer({
      default: 10_000,
      min: 1,
      max: 10_000_000,
      help: 'Users that are remembered, 4 KiB each in every process; the least lately seen are forgotten first.',
    }),
  },
)
