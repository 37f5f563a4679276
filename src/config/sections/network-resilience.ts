import { duration } from '../kinds.ts'
import { section } from '../option.ts'

export const networkResilience = section('What happens when a client loses its network.', {
  resume_timeout: duration({
    reload: true,
    default: '10m',
    min: '1s',
    max: '30d',
    help: 'How long the bytes of an unfinished upload are kept after the last one arrived.',
  }),
})
