import { choice } from '../kinds.ts'
import { section } from '../option.ts'

export const log = section('What the server writes to standard error.', {
  level: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal'], {
    reload: true,
    default: 'info',
    help: 'The least important message that is written.',
  }),
  format: choice(['auto', 'json', 'pretty'], {
    default: 'auto',
    help: 'One JSON object or one readable line each; auto is readable on a terminal only.',
  }),
})
