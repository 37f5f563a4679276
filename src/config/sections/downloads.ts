import { choice, duration, text } from '../kinds.ts'
import { section } from '../option.ts'

export const downloads = section('How files are handed out.', {
  wait_for_upload: duration({
    reload: true,
    default: '4s',
    max: '60s',
    help:
      'How long a download waits for an upload that is still running; 0 answers 503 at once. ' +
      'Some clients give up after 5 s.',
  }),
  accel: choice(['off', 'X-Accel-Redirect', 'X-Sendfile'], {
    default: 'off',
    help: 'Header by which the proxy in front (nginx, or Apache and lighttpd) sends the file itself.',
  }),
  accel_prefix: text({
    default: '/',
    allowed: 'a path that starts and ends with "/"',
    pattern: /^\/(?:[\w.~-]+\/)*$/u,
    help:
      "Put before the file's location in X-Accel-Redirect: the internal location of nginx. " +
      'X-Sendfile carries the absolute path instead.',
  }),
})
