import { setTimeout as delay } from 'node:timers/promises'
import { CheckEnded } from '../check-ended.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok } from '../finding.ts'
import { liveAnswer } from '../live-answer.ts'
import { forProxyOf, inNginx } from '../remedies.ts'
import { createUpload, giveUp, offsetAt, patchOf, refusedPatch } from '../resumable-upload.ts'
import { trial } from '../trial.ts'

const SIZE = 512 * 1024
/** Sent before the pause; more than the buffers of proxies that pass on what they have. */
const FIRST = 256 * 1024

/** How long the first bytes may take to arrive, in milliseconds: a quick line is not kept waiting. */
const PAUSES = [300, 3_000]

/**
 * A proxy that keeps a body until its end loses all of it when the client's network goes. So the
 * first half of a body is sent, and while its request is open the server is asked what it has.
 */
export const streamingCheck = trial({
  name: 'streaming',
  about: 'the proxy passes bodies on while they come',
  needs: ['same-server'],
  size: SIZE,
  async tryOut(deployment, errand, signal) {
    const resource = await createUpload(deployment, errand, signal)
    for (const pause of PAUSES) {
      const arrived = await arrivedAfter(
        deployment,
        { resource, bytes: errand.file.bytes, pause },
        signal,
      )
      if (arrived === 0) continue
      await giveUp(deployment, resource, signal)
      return ok(`${arrived} bytes were stored while the request was open`)
    }
    await giveUp(deployment, resource, signal)
    return await keptBack(deployment, signal)
  },
})

async function keptBack(deployment: Deployment, signal: AbortSignal): Promise<Finding> {
  const answer = await liveAnswer(deployment, signal)
  const remedies = [
    inNginx(deployment, 'proxy_request_buffering off;', 'proxy_http_version 1.1;'),
    { where: 'Caddyfile, inside reverse_proxy: remove this', lines: ['request_buffers …'] },
    {
      where: 'HAProxy, in frontend and backend: remove this',
      lines: ['option http-buffer-request'],
    },
  ]
  const text = 'the proxy keeps bodies back until they are complete: a cut costs the whole file'
  return failed(text, ...forProxyOf(answer, remedies))
}

async function arrivedAfter(
  deployment: Deployment,
  { resource, bytes, pause }: { resource: string; bytes: Buffer; pause: number },
  signal: AbortSignal,
): Promise<number> {
  const head = { ...patchOf(resource, 0), length: SIZE }
  using request = deployment.http.open(head, signal)
  await request.send(bytes.subarray(0, FIRST))
  const early = await Promise.race([request.answer, delay(pause, undefined, { signal })])
  if (early !== undefined) throw new CheckEnded(refusedPatch(deployment, early))
  return await offsetAt(deployment, { url: resource }, signal)
}
