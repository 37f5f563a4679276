import { choice, duration } from '../kinds.ts'
import { section } from '../option.ts'

export const privacy = section('What is remembered about people.', {
  address: choice(['full', 'prefix', 'none'], {
    default: 'prefix',
    help:
      'How client addresses are written to log and audit: in full, as network, or not. ' +
      'The state holds networks; with none only a keyed hash that tells them apart.',
  }),
  retention: duration({
    default: '0',
    help:
      'Age at which lines of the audit trail are removed, within a day. The server then begins a ' +
      'file every day, and removes old ones; 0 leaves that to whoever rotates logs.',
  }),
})
