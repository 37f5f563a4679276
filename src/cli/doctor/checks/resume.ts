import { setTimeout as delay } from 'node:timers/promises'
import { CheckEnded } from '../check-ended.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok, warning } from '../finding.ts'
import { type TestFile, randomBetween } from '../test-file.ts'
import { createUpload, giveUp, offsetAt, patchOf, refusedPatch } from '../resumable-upload.ts'
import { trial } from '../trial.ts'
import { twoWays } from '../tried-addresses.ts'

const SIZE = 384 * 1024
/** For the bytes to arrive before the cut, in milliseconds: a quick line is not kept waiting. */
const PAUSES = [300, 3_000]

/** The way of a phone that leaves its WiFi: the connection breaks somewhere, another one goes on there. */
export const resumeCheck = trial({
  name: 'resume',
  about:
    'an upload that is cut goes on at the byte, on another connection, at another address if the host has one',
  needs: ['streaming'],
  size: SIZE,
  async tryOut(deployment, errand, signal) {
    const resource = await createUpload(deployment, errand, signal)
    const cut = randomBetween(SIZE / 4, SIZE)
    const bytes = errand.file.bytes.subarray(0, cut)
    const ways = await twoWays(deployment, signal)
    const offset = await offsetAfterCut(deployment, { resource, bytes, ...ways }, signal)
    if (offset > cut)
      return failed(`the server says it has ${offset} bytes of ${cut} that were sent`)
    if (offset === 0) {
      await giveUp(deployment, resource, signal)
      return warning(`nothing of the ${cut} bytes that were sent before the cut was kept`)
    }
    const body = errand.file.bytes.subarray(offset)
    const rest = { ...patchOf(resource, offset), address: ways.other, body }
    const answer = await deployment.http.ask(rest, signal)
    if (answer.status !== 201) return refusedPatch(deployment, answer)
    return await compared(
      deployment,
      { get: errand.slot.get, file: errand.file, cut, offset, ...ways },
      signal,
    )
  },
})

/** The beginning of an upload. */
interface Part {
  readonly resource: string
  readonly bytes: Buffer
  /** The address that it is sent to, and the one where it goes on. */
  readonly first: string | undefined
  readonly other: string | undefined
}

/** What the server has of a part whose connection was cut; 0 only if it has nothing after the longest pause, too. */
async function offsetAfterCut(
  deployment: Deployment,
  part: Part,
  signal: AbortSignal,
): Promise<number> {
  for (const pause of PAUSES) {
    await sendAndCut(deployment, { ...part, pause }, signal)
    const offset = await offsetAt(deployment, { url: part.resource, address: part.other }, signal)
    if (offset > 0) return offset
  }
  return 0
}

async function sendAndCut(
  deployment: Deployment,
  { resource, bytes, first, pause }: Part & { readonly pause: number },
  signal: AbortSignal,
): Promise<void> {
  const head = { ...patchOf(resource, 0), address: first, length: SIZE }
  using request = deployment.http.open(head, signal)
  await request.send(bytes)
  // What overtakes a cut connection on the way would find less, or be overtaken itself.
  const early = await Promise.race([request.answer, delay(pause, undefined, { signal })])
  if (early !== undefined) throw new CheckEnded(refusedPatch(deployment, early))
}

/** An upload that went on. */
interface Resumed extends Pick<Part, 'first' | 'other'> {
  readonly get: string
  readonly file: TestFile
  readonly cut: number
  readonly offset: number
}

async function compared(
  { http }: Deployment,
  upload: Resumed,
  signal: AbortSignal,
): Promise<Finding> {
  const { get, file, cut, offset, first, other } = upload
  const { status, body } = await http.ask({ method: 'GET', url: get }, signal)
  if (status !== 200 || !body.equals(file.bytes)) {
    return failed(`the file that was put together (cut at ${cut}) is another one: ${status}`)
  }
  const where = first === other ? '' : ` (at ${other}, after ${first})`
  return ok(`cut at byte ${cut}, went on at ${offset}${where}, the file is whole`)
}
