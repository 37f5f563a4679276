import type { Check } from '../check.ts'
import { failed, ok } from '../finding.ts'
import { described, field } from '../http-client.ts'
import { inNginx } from '../remedies.ts'
import { randomBetween } from '../test-file.ts'

/** Downloads that were cut go on by Range (RFC 9110 §14); players jump by it. */
export const rangeCheck: Check = {
  name: 'range',
  about: 'a download can begin in the middle',
  needs: ['download'],
  async run(deployment, signal) {
    const { slot, file } = await deployment.upload(signal)
    const size = file.bytes.length
    const start = randomBetween(1, size / 2)
    const end = randomBetween(start, size)
    const headers = { Range: `bytes=${start}-${end}` }
    const answer = await deployment.http.ask({ method: 'GET', url: slot.get, headers }, signal)
    const remedies = [
      inNginx(
        deployment,
        'proxy_set_header Range $http_range;',
        'proxy_set_header If-Range $http_if_range;',
      ),
      {
        where: 'nginx, wherever they stand: remove these',
        lines: ['max_ranges 0;', 'proxy_hide_header Accept-Ranges;'],
      },
    ]
    if (answer.status !== 206) {
      const text = `bytes ${start}–${end} were asked for, the answer is ${described(answer)}: the proxy takes Range away`
      return failed(text, ...remedies)
    }
    const told = field(answer, 'content-range')
    const isRight =
      told === `bytes ${start}-${end}/${size}` &&
      answer.body.equals(file.bytes.subarray(start, end + 1))
    return isRight
      ? ok(`bytes ${start}–${end} of ${size}`)
      : failed(`206 with other bytes than were asked for: ${told}`, ...remedies)
  },
}
