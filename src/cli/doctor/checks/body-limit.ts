import { showSize } from '../../../config/quantity.ts'
import { randomId } from '../../../core/random.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { failed, ok } from '../finding.ts'
import { type Answer, described, problemOf } from '../http-client.ts'
import { forProxyOf, inNginx, inOurs } from '../remedies.ts'

/** Tried where nobody says what the largest file is, in bytes. */
const USUAL = 100 * 1024 * 1024

/** nginx takes 1 MiB unless it is told; it refuses by the head of a request, so no byte need be sent. */
export const bodyLimitCheck: Check = {
  name: 'body-limit',
  about: 'the proxy lets the largest file through',
  needs: ['health'],
  async run(deployment, signal) {
    const size = await largest(deployment, signal)
    const answer = await answerToHead(deployment, size, signal)
    if (answer?.status !== 413) return ok(`${showSize(size)} would get through`)
    if (problemOf(answer) !== undefined) {
      const ours = inOurs('storage', `max_file_size = "${showSize(size)}"`)
      return failed(`the server takes no file of ${showSize(size)}, which is announced`, ours)
    }
    const remedies = [
      inNginx(deployment, 'client_max_body_size 0;'),
      { where: 'Caddyfile: remove this', lines: ['request_body { max_size … }'] },
      { where: 'Apache, inside <Location>', lines: ['LimitRequestBody 0'] },
    ]
    const text = `${described(answer)}: the proxy lets no file of ${showSize(size)} through`
    return failed(text, ...forProxyOf(answer, remedies))
  },
}

async function largest({ config, xmpp }: Deployment, signal: AbortSignal): Promise<number> {
  if (config !== undefined) return config.storage.maxFileSize
  const account = await xmpp?.().catch(() => undefined)
  return (await account?.service(signal))?.maxFileSize ?? USUAL
}

/** The answer to the head of an upload that nobody granted; nothing if the body is asked for. */
async function answerToHead(
  { publicUrl, http }: Deployment,
  size: number,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const url = new URL(`doctor-${randomId(18)}/doctor.bin`, publicUrl).href
  const head = { method: 'PUT', url, headers: { Expect: '100-continue' }, length: size }
  using request = http.open(head, signal)
  return await Promise.race([request.answer, request.continued.then(() => undefined)])
}
