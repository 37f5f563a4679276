import { choice, duration } from '../kinds.ts'
import { section } from '../option.ts'

export const http = section('How the server speaks HTTP.', {
  body_idle: duration({
    default: '120s',
    min: '1s',
    max: '1h',
    help: 'A connection is closed if its body brings no byte for this long.',
  }),
  fast_lane: choice(['auto', 'off'], {
    default: 'auto',
    help:
      'Whether plain connections (not TLS) take a shorter way past the HTTP parser of Node.js. ' +
      'Whatever is not in the strict form of most clients takes the usual way. off: all do.',
  }),
  interim_104: choice(['auto', 'always', 'never'], {
    reload: true,
    default: 'auto',
    help:
      'Whether a client that asks for it is told where to resume while it still uploads (status 104). ' +
      'nginx breaks uploads over it, so auto means: not behind a proxy. HAProxy and Caddy pass it on.',
  }),
})
