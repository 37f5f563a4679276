import type { Network } from './platform.ts'
import type { Transport, UploadRequest } from './transport.ts'

/**
 * A transport that leaves a connection when the device has another network and the connection did not come along: a
 * probe is sent first, and if it is answered before the request makes any progress, the request is given up.
 */
export function leavingDeadNetworks(transport: Transport, network: Network): Transport {
  return async (request) => {
    const left = new AbortController()
    const ended = new AbortController()
    let sent = 0

    async function probe(): Promise<void> {
      const before = sent
      await transport({ ...probeFor(request), headers: {}, signal: ended.signal })
      if (sent === before) left.abort(new Error('The device has another network'))
    }

    // A probe without an answer says nothing.
    network.onChange(() => void probe().catch(() => {}), ended.signal)
    try {
      return await transport({
        ...request,
        signal: AbortSignal.any([request.signal, left.signal]),
        onSent(bytes) {
          sent = bytes
          request.onSent?.(bytes)
        },
      })
    } catch (reason) {
      left.signal.throwIfAborted()
      throw reason
    } finally {
      ended.abort()
    }
  }
}

/** Never a question about the upload itself: that would end an append that lives. */
function probeFor({ method, url }: UploadRequest): Pick<UploadRequest, 'method' | 'url'> {
  return method === 'PATCH' || method === 'HEAD'
    ? { method: 'GET', url: new URL('../health/live', url).href }
    : { method: 'OPTIONS', url }
}
