import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { failed, ok, warning } from '../finding.ts'
import { type OpenRequest, described } from '../http-client.ts'
import { withoutLimits } from '../remedies.ts'
import { trial } from '../trial.ts'
import { twoWays } from '../tried-addresses.ts'
import { plainUpload, putOf } from '../uploading.ts'

const SIZE = 256 * 1024

/** For the first PUT to arrive before the second one, in milliseconds. */
const PAUSE = 300

/** How long it may take until the first PUT is ended, in milliseconds. */
const FAREWELL = 3_000

/** The old connection of a phone looks alive for minutes; its new one must not wait for it. */
export const takeoverCheck = trial({
  name: 'takeover',
  about: 'a second PUT succeeds while the first one is silent, and a third one is harmless',
  needs: ['streaming'],
  size: SIZE,
  async tryOut(deployment, errand, signal) {
    const { first, other } = await twoWays(deployment, signal)
    const begun = { ...putOf(errand), address: first, length: SIZE }
    using silent = deployment.http.open(begun, signal)
    await silent.send(errand.file.bytes.subarray(0, SIZE / 2))
    const early = await Promise.race([silent.answer, delay(PAUSE, undefined, { signal })])
    if (early !== undefined) return failed(`half a PUT was answered with ${described(early)}`)
    for (const which of ['the second PUT', 'the same PUT again']) {
      const { answer } = await plainUpload(deployment, { ...errand, address: other }, signal)
      if (answer.status === 201) continue
      return failed(`${which} was answered with ${described(answer)}`, withoutLimits(deployment))
    }
    if (await isOver(silent, signal)) {
      const where = first === other ? '' : `, at ${other} as well as at ${first}`
      return ok(`the newer connection wins, and a repeated PUT is 201 again${where}`)
    }
    const text = 'the second PUT succeeded, but the first one was left open'
    return warning(`${text}: the proxy may have kept it back`)
  },
})

/** Whether a request is ended by the other side, answered or not. */
async function isOver({ answer }: OpenRequest, signal: AbortSignal): Promise<boolean> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(FAREWELL)])
  const ended = answer.then(
    () => true,
    () => true,
  )
  const left = once(over, 'abort').then(() => false)
  const isEnded = await Promise.race([ended, left])
  signal.throwIfAborted()
  return isEnded
}
