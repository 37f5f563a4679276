import { choice, duration, integer, path, toggle } from '../kinds.ts'
import { section } from '../option.ts'

export const security = section('When a client has to prove that it is still the same one.', {
  enhanced_security: toggle({
    reload: true,
    default: true,
    help:
      'Whether security levels are decided at all. Switched off, every request is level 1; a session ' +
      'that is bound to a key needs its proof nevertheless.',
  }),
  unbound: choice(['lenient', 'strict'], {
    reload: true,
    default: 'lenient',
    help:
      'Clients without a bound session cannot prove anything. lenient: their level is recorded, and at ' +
      'level 3 an expired grant is not accepted once more. strict: they are refused at level 2 and 3.',
  }),
  challenge_on_network_change: toggle({
    reload: true,
    default: true,
    help: 'Level 2 for a request from a network that the client has not proved itself from.',
  }),
  standby_threshold_minutes: integer({
    reload: true,
    default: 30,
    min: 1,
    max: 43_200,
    help: 'Level 2 for the first request after so many minutes without a request or a byte.',
  }),
  reauth_on_long_standby: toggle({
    reload: true,
    default: true,
    help: 'Level 3 for the first request after long_standby_threshold_hours without a request or a byte.',
  }),
  long_standby_threshold_hours: integer({
    reload: true,
    default: 2,
    min: 1,
    max: 720,
    help: 'See reauth_on_long_standby; also level 3 for a grant that expired longer ago than this.',
  }),
  network_change_limit: integer({
    reload: true,
    default: 3,
    min: 0,
    max: 1_000,
    help: 'Level 3 after more changes of network than this, none of them proved, within network_change_window.',
  }),
  network_change_window: duration({
    reload: true,
    default: '1h',
    min: '1m',
    max: '30d',
    help: 'How long a change of network counts.',
  }),
  challenge_window: duration({
    reload: true,
    default: '5m',
    min: '10s',
    max: '1h',
    help: 'How long the challenge in a 401 can be answered.',
  }),
  challenge_address: choice(['off', 'prefix', 'exact'], {
    reload: true,
    default: 'off',
    help:
      'Whether a challenge can be answered only from the network (prefix) or the address (exact) that ' +
      'asked for it. With off it survives a change of network.',
  }),
  master_key: path({
    default: './data/master.key',
    help: 'File with the key that all session keys and challenges come from; made at the first start.',
  }),
})
