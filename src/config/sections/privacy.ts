import { choice } from '../kinds.ts'
import { section } from '../option.ts'

export const privacy = section('What is remembered about people.', {
  address: choice(['full', 'prefix', 'none'], {
    default: 'prefix',
    help:
      'How client addresses are written to log and audit: in full, as network, or not. ' +
      'The state holds networks; with none only a keyed hash that tells them apart.',
  }),
})
