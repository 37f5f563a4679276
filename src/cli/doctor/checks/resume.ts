import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok, warning } from '../finding.ts'
import { type TestFile, randomBetween } from '../test-file.ts'
import { createUpload, giveUp, offsetAt, patchOf, refusedPatch } from '../resumable-upload.ts'
import { trial } from '../trial.ts'

const SIZE = 384 * 1024
/** For the bytes to arrive before the cut, in milliseconds: a quick line is not kept waiting. */
const PAUSES = [300, 3_000]

/** The way of a phone that leaves its WiFi: the connection breaks somewhere, another one goes on there. */
export const resumeCheck = trial({
  name: 'resume',
  about: 'an upload that is cut goes on at the byte, on another connection',
  needs: ['streaming'],
  size: SIZE,
  async tryOut(deployment, errand, signal) {
    const resource = await createUpload(deployment, errand, signal)
    const cut = randomBetween(SIZE / 4, SIZE)
    const bytes = errand.file.bytes.subarray(0, cut)
    const offset = await offsetAfterCut(deployment, { resource, bytes }, signal)
    if (offset > cut)
      return failed(`the server says it has ${offset} bytes of ${cut} that were sent`)
    if (offset === 0) {
      await giveUp(deployment, resource, signal)
      return warning(`nothing of the ${cut} bytes that were sent before the cut was kept`)
    }
    const rest = { ...patchOf(resource, offset), body: errand.file.bytes.subarray(offset) }
    const answer = await deployment.http.ask(rest, signal)
    if (answer.status !== 201) return refusedPatch(deployment, answer)
    return await compared(
      deployment,
      { get: errand.slot.get, file: errand.file, cut, offset },
      signal,
    )
  },
})

/** The beginning of an upload. */
interface Part {
  readonly resource: string
  readonly bytes: Buffer
}

/** What the server has of a part whose connection was cut; 0 only if it has nothing after the longest pause, too. */
async function offsetAfterCut(
  deployment: Deployment,
  part: Part,
  signal: AbortSignal,
): Promise<number> {
  for (const pause of PAUSES) {
    await sendAndCut(deployment, { ...part, pause }, signal)
    const offset = await offsetAt(deployment, part.resource, signal)
    if (offset > 0) return offset
  }
  return 0
}

async function sendAndCut(
  { http }: Deployment,
  { resource, bytes, pause }: Part & { readonly pause: number },
  signal: AbortSignal,
): Promise<void> {
  using request = http.open({ ...patchOf(resource, 0), length: SIZE }, signal)
  await request.send(bytes)
  // What overtakes a cut connection on the way would find less, or be overtaken itself.
  await delay(pause, undefined, { signal })
}

async function compared(
  { http }: Deployment,
  upload: { get: string; file: TestFile; cut: number; offset: number },
  signal: AbortSignal,
): Promise<Finding> {
  const { get, file, cut, offset } = upload
  const { status, body } = await http.ask({ method: 'GET', url: get }, signal)
  if (status !== 200 || !body.equals(file.bytes)) {
    return failed(`the file that was put together (cut at ${cut}) is another one: ${status}`)
  }
  return ok(`cut at byte ${cut}, went on at ${offset}, the file is whole`)
}
