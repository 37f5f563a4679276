import type { Check } from '../check.ts'
import { failed, ok, skipped } from '../finding.ts'
import { field } from '../http-client.ts'
import { inNginx } from '../remedies.ts'

/** A page that somebody uploads must not run in the name of this host. */
export const safeTypesCheck: Check = {
  name: 'safe-types',
  about: 'an uploaded page is not shown as a page',
  needs: ['download'],
  async run(deployment, signal) {
    const { slot, file } = await deployment.upload(signal)
    if (file.type !== 'text/html') return skipped('no page was uploaded: --type text/html')
    const answer = await deployment.http.ask({ method: 'HEAD', url: slot.get }, signal)
    const wrong = [
      [
        'Content-Disposition: attachment',
        field(answer, 'content-disposition').startsWith('attachment'),
      ],
      ['X-Content-Type-Options: nosniff', /nosniff/u.test(field(answer, 'x-content-type-options'))],
      [
        'Content-Security-Policy: sandbox',
        /sandbox/u.test(field(answer, 'content-security-policy')),
      ],
    ].flatMap(([name, isThere]) => (isThere === true ? [] : [name]))
    if (wrong.length === 0) return ok('text/html is an attachment, in a sandbox')
    return failed(
      `the answer with an uploaded page lacks ${wrong.join(', ')}: its scripts could run on this host`,
      inNginx(
        deployment,
        '# no proxy_hide_header or proxy_ignore_headers for the above;',
        '# with downloads.accel: the add_header lines that hmac-file-server init prints',
      ),
    )
  },
}
