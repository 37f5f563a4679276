import { setTimeout as delay } from 'node:timers/promises'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok } from '../finding.ts'
import { type TestFile, randomBetween, testFile } from '../test-file.ts'
import { createUpload, offsetAt, patchOf, refusedPatch } from '../resumable-upload.ts'
import { errandFor } from '../uploading.ts'

const SIZE = 384 * 1024
/** For the bytes to arrive before the cut, in milliseconds. */
const PAUSE = 300

/** The way of a phone that leaves its WiFi: the connection breaks somewhere, another one goes on there. */
export const resumeCheck: Check = {
  name: 'resume',
  about: 'an upload that is cut goes on at the byte, on another connection',
  needs: ['streaming'],
  takesSlot: true,
  async run(deployment, signal) {
    const errand = await errandFor(deployment.slots, testFile(SIZE), signal)
    const resource = await createUpload(deployment, errand, signal)
    const cut = randomBetween(SIZE / 4, SIZE)
    await sendAndCut(deployment, { resource, bytes: errand.file.bytes.subarray(0, cut) }, signal)
    const offset = await offsetAt(deployment, resource, signal)
    if (offset > cut)
      return failed(`the server says it has ${offset} bytes of ${cut} that were sent`)
    const rest = { ...patchOf(resource, offset), body: errand.file.bytes.subarray(offset) }
    const answer = await deployment.http.ask(rest, signal)
    if (answer.status !== 201) return refusedPatch(deployment, answer)
    return await compared(
      deployment,
      { get: errand.slot.get, file: errand.file, cut, offset },
      signal,
    )
  },
}

async function sendAndCut(
  { http }: Deployment,
  { resource, bytes }: { resource: string; bytes: Buffer },
  signal: AbortSignal,
): Promise<void> {
  using request = http.open({ ...patchOf(resource, 0), length: SIZE }, signal)
  await request.send(bytes)
  // What overtakes a cut connection on the way would find less, or be overtaken itself.
  await delay(PAUSE, undefined, { signal })
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
