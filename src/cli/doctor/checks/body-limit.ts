import { showSize } from '../../../config/quantity.ts'
import { randomId } from '../../../core/random.ts'
import type { Check } from '../check.ts'
import type { Deployment, Upload } from '../deployment.ts'
import { type Finding, failed, ok, skipped } from '../finding.ts'
import { type Answer, described, problemOf } from '../http-client.ts'
import { refusedSlot } from '../refused-slot.ts'
import { forProxyOf, inNginx, inOurs } from '../remedies.ts'
import { type TestFile, testFile } from '../test-file.ts'
import { plainUpload } from '../uploading.ts'

/** Tried where nobody says what the largest file is, in bytes. */
const USUAL = 100 * 1024 * 1024

/** Sent in whole, in bytes: more than the limits that proxies have unless they are told. */
const BODY = 2 * 1024 * 1024

/**
 * nginx takes 1 MiB unless it is told. It refuses by the head of a request, so for the largest file
 * no byte need be sent. Caddy counts what comes, so a body is sent, too, if there is a slot for it.
 */
export const bodyLimitCheck: Check = {
  name: 'body-limit',
  about: 'the proxy lets the largest file through',
  needs: ['upload'],
  takesSlot: true,
  limit: 60_000,
  async run(deployment, signal) {
    const size = await largest(deployment, signal)
    const head = await clearAnswerToHead(deployment, size, signal)
    if (head?.status === 413) return tooLarge(deployment, head, size)
    if (head !== undefined && problemOf(head) === undefined) return notOurs(deployment, head)
    const body = testFile(Math.min(BODY, size))
    const upload = await uploaded(deployment, body, signal)
    if (upload === undefined) {
      return skipped(
        `by its head, ${showSize(size)} would get through; there is no slot to send a body`,
      )
    }
    const { slot, file, answer } = upload
    if (answer.status === 201) {
      return ok(`${showSize(file.bytes.length)} got through; by its head, ${showSize(size)} would`)
    }
    // Small files get through; and Caddy calls too large ones 502 as well as 413.
    const isLimit = answer.status === 413 || problemOf(answer) === undefined
    return isLimit
      ? tooLarge(deployment, answer, file.bytes.length)
      : refusedSlot(deployment, slot, answer)
  },
}

function tooLarge(deployment: Deployment, answer: Answer, size: number): Finding {
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
}

/** A PUT without a credential is refused by the server, in words of its own. */
function notOurs(deployment: Deployment, answer: Answer): Finding {
  return failed(
    `PUT is answered with ${described(answer)}, not by the server`,
    inNginx(
      deployment,
      '# no limit_except, no dav_methods: PUT must pass',
      'proxy_intercept_errors off;',
    ),
  )
}

async function largest({ config, xmpp }: Deployment, signal: AbortSignal): Promise<number> {
  if (config !== undefined) return config.storage.maxFileSize
  const account = await xmpp?.().catch(() => undefined)
  return (await account?.service(signal))?.maxFileSize ?? USUAL
}

/** As below, asked again where it says nothing: a proxy that counts bodies may lose the words of an early answer. */
async function clearAnswerToHead(
  deployment: Deployment,
  size: number,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const answer = await answerToHead(deployment, size, signal)
  const isClear = answer === undefined || answer.status === 413 || problemOf(answer) !== undefined
  return isClear ? answer : await answerToHead(deployment, size, signal)
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

/** Nothing if there is no slot for such a file. */
async function uploaded(
  deployment: Deployment,
  file: TestFile,
  signal: AbortSignal,
): Promise<Upload | undefined> {
  const { name, type, bytes } = file
  const slot = await deployment.slots?.next({ name, type, size: bytes.length }, signal)
  return slot === undefined ? undefined : await plainUpload(deployment, { slot, file }, signal)
}
