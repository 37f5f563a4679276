import { choice } from '../kinds.ts'
import { section } from '../option.ts'

export const privacy = section('What is remembered about people.', {
  address: choice(['full', 'prefix', 'none'], {
    default: 'prefix',
    help: 'How client addresses are written to state, log and audit: in full, as network, or not.',
  }),
})
