import { networks } from '../address-kinds.ts'
import { bareJids } from '../jid-kinds.ts'
import { duration, integer, size } from '../kinds.ts'
import { section } from '../option.ts'

/** Bounds of every number of events that may be 0 for no limit. */
const EVENTS = { min: 0, max: 1_000_000 } as const

/** Bounds of the times in which events are counted. */
const WINDOW = { min: '1s', max: '1d' } as const

export const limits = section(
  'What one owner may hold open: a user where the grant names one, else a network. How often clients ' +
    'may fail and users upload, and who may not upload at all.',
  {
    open_uploads_per_owner: integer({
      reload: true,
      default: 32,
      min: 1,
      max: 1_000_000,
      help: 'Unfinished uploads at a time.',
    }),
    reserved_bytes_per_owner: size({
      reload: true,
      default: '4 GiB',
      min: '1',
      help: 'Sum of the sizes of unfinished uploads.',
    }),
    failures_per_network: integer({
      ...EVENTS,
      reload: true,
      default: 300,
      help:
        'Wrong credentials and proofs from one network (/24, IPv6 /56) in `failure_window`; further ones are told ' +
        'to wait. Valid requests never are. 0: no limit.',
    }),
    failures_per_session: integer({
      ...EVENTS,
      reload: true,
      default: 30,
      help: 'The same for wrong proofs that name one session, from one network. 0: no limit.',
    }),
    failure_window: duration({
      ...WINDOW,
      reload: true,
      default: '5m',
      help: 'How long failures are counted together, from the first one.',
    }),
    failure_block: duration({
      ...WINDOW,
      reload: true,
      default: '1m',
      help: 'How long whoever failed too often is told to wait.',
    }),
    uploads_per_user: integer({
      ...EVENTS,
      reload: true,
      default: 1000,
      help: 'Slots of one user, where the grant names one, that are used for the first time in `uploads_window`. 0: no limit.',
    }),
    uploads_window: duration({
      ...WINDOW,
      reload: true,
      default: '10m',
      help: 'How long the uploads of a user are counted together, from the first one.',
    }),
    banned_networks: networks({
      reload: true,
      default: [],
      help: 'Networks and addresses that may not upload and have no sessions. Downloads stay open.',
    }),
    banned_users: bareJids({
      reload: true,
      default: [],
      help: 'The same for users, where the grant names one.',
    }),
  },
)
