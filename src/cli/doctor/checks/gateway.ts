import type { Check } from '../check.ts'
import { failed, ok } from '../finding.ts'
import { described, field } from '../http-client.ts'
import { liveAnswer } from '../live-answer.ts'
import { inNginx, proxyPass } from '../remedies.ts'

/** What proxies say that get no answer (RFC 9110 §15.6.3 – §15.6.5). */
const NO_ANSWER = [502, 503, 504]

/** Whether something stands behind the proxy at all. */
export const gatewayCheck: Check = {
  name: 'gateway',
  about: 'the proxy reaches the server',
  needs: ['tls'],
  async run(deployment, signal) {
    const answer = await liveAnswer(deployment, signal)
    if (!NO_ANSWER.includes(answer.status)) {
      const server = field(answer, 'server')
      return ok(server === '' ? 'something answers' : `${server} answers`)
    }
    return failed(
      `${described(answer)}: the proxy is there, the server behind it does not answer`,
      {
        where: 'the machine of the server',
        lines: ['systemctl status hmac-file-server', 'journalctl -u hmac-file-server -n 50'],
      },
      inNginx(deployment, proxyPass(deployment)),
    )
  },
}
