import { duration } from '../kinds.ts'
import { section } from '../option.ts'

export const http = section('How patient the server is.', {
  body_idle: duration({
    default: '120s',
    min: '1s',
    max: '1h',
    help: 'A connection is closed if its body brings no byte for this long.',
  }),
})
