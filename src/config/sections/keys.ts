import { duration } from '../kinds.ts'
import { section } from '../option.ts'

export const keys = section('How the master keys (security.master_key) change.', {
  rotate_every: duration({
    reload: true,
    default: '0',
    min: '1d',
    zero: 'never',
    help:
      'Age at which the newest master key gets a successor; the old one verifies for another ' +
      'session_store.max_session_age, so that nobody notices. Not for servers that have copies of the file.',
  }),
  activation_delay: duration({
    reload: true,
    default: '1m',
    max: '30d',
    help:
      'How long a new master key is there before it is used: by then every process and server must ' +
      'have it.',
  }),
})
