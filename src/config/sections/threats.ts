import { choice, duration, integer } from '../kinds.ts'
import { section } from '../option.ts'

/** Bounds of the times in which something counts together. */
const WINDOW = { min: '1s', max: '1d' } as const

export const threats = section(
  'Patterns of misuse, each found by a rule of its own. What becomes of what is found: off, it is not looked for; watch, it is told ' +
    'in the log and the audit trail and counted; level2 and level3, it is also a reason of that level; ban, it is also refused, for `duration`.',
  {
    grant_on_two_networks: choice(['off', 'watch', 'level2', 'level3', 'ban'], {
      reload: true,
      default: 'off',
      help: 'A slot that two networks take from each other in turn. A ban is of the slot, or of its session: a new slot is served.',
    }),
    session_in_two_countries: choice(['off', 'watch', 'level3', 'ban'], {
      reload: true,
      default: 'off',
      help:
        'A session that is proved from two countries in turn; needs geo.city_database. A ban is of the session. Not level2, ' +
        'because it was just proved.',
    }),
    failing_proofs: choice(['off', 'watch', 'level2', 'ban'], {
      reload: true,
      default: 'watch',
      help:
        'Wrong keys for many sessions from one network. A ban is of the network (/24, IPv6 /56), with all who share it. Not level3, ' +
        'because a new slot says nothing of a network.',
    }),
    uploads_deleted_for_abuse: choice(['off', 'watch', 'ban'], {
      reload: true,
      default: 'watch',
      help:
        'A user whose files the operator removed by `files delete --reason abuse`. A ban is of the user. No level, because ' +
        'neither a proof nor a new slot says anything against it.',
    }),
    duration: duration({
      reload: true,
      default: '1h',
      min: '1m',
      max: '365d',
      help: 'How long what was found holds, from then on. With privacy.retention not longer than that.',
    }),
    returns: integer({
      reload: true,
      default: 2,
      min: 1,
      max: 1_000,
      help: 'Returns to a network or country that was left just before, in `returns_window`, that are found. A device that moves returns once at most.',
    }),
    return_within: duration({
      ...WINDOW,
      reload: true,
      default: '2s',
      help: 'A later return is none: a radio that loses one network and joins another takes longer.',
    }),
    returns_window: duration({
      ...WINDOW,
      reload: true,
      default: '1m',
      help: 'How long returns count together.',
    }),
    failing_sessions: integer({
      reload: true,
      default: 20,
      min: 2,
      max: 1_000,
      help: 'Different sessions with wrong keys from one network, in `failing_window`, that are found.',
    }),
    failing_window: duration({
      ...WINDOW,
      reload: true,
      default: '10m',
      help: 'How long they count together.',
    }),
    abuse_deletes: integer({
      reload: true,
      default: 3,
      min: 1,
      max: 2_048,
      help: 'Files of one user that were removed for abuse, in `abuse_window`, that are found.',
    }),
    abuse_share: integer({
      reload: true,
      default: 90,
      min: 1,
      max: 100,
      help: 'Only if they are so many percent of these and of the user’s files that are still there.',
    }),
    abuse_window: duration({
      reload: true,
      default: '30d',
      min: '1h',
      max: '365d',
      help: 'How long removals count together; not longer than files are kept, or files that expired do not speak for a user. With privacy.retention not longer than that.',
    }),
    max_tracked: integer({
      default: 10_000,
      min: 1,
      max: 1_000_000,
      help: 'Slots, sessions and networks that each rule remembers in every process; the least lately seen are forgotten first.',
    }),
  },
)
