import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { failed, ok } from '../finding.ts'
import { type Answer, described, field } from '../http-client.ts'
import { inNginx } from '../remedies.ts'

/** What was uploaded comes back, in whole. */
export const downloadCheck: Check = {
  name: 'download',
  about: 'GET brings the same bytes, HEAD their number',
  needs: ['same-server'],
  async run(deployment, signal) {
    const { slot, file } = await deployment.upload(signal)
    const whole = await deployment.http.ask({ method: 'GET', url: slot.get }, signal)
    if (whole.status !== 200) return failed(`the link is answered with ${described(whole)}`)
    if (!whole.body.equals(file.bytes)) {
      return failed('the link brings other bytes than were uploaded', ...unchanged(deployment))
    }
    const head = await deployment.http.ask({ method: 'HEAD', url: slot.get }, signal)
    const wrong = wrongIn(head, file.bytes.length)
    if (wrong === undefined) return ok(`${whole.body.length} bytes, as they were sent`)
    const text = `HEAD is answered with ${described(head)}: ${wrong}, so phones do not fetch the file by themselves`
    return failed(text, ...unchanged(deployment))
  },
}

function wrongIn(head: Answer, size: number): string | undefined {
  if (head.status !== 200) return 'not 200'
  const length = field(head, 'content-length')
  if (length !== String(size)) return `Content-Length “${length}” in place of ${size}`
  return field(head, 'etag').startsWith('"')
    ? undefined
    : 'no strong ETag, so downloads cannot go on'
}

function unchanged(deployment: Deployment): ReturnType<typeof inNginx>[] {
  return [inNginx(deployment, 'gzip off;', '# no sub_filter, no image_filter, no Pagespeed')]
}
