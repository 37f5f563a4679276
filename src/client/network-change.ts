import type { Network } from './platform.ts'
import type { Transport, UploadRequest } from './transport.ts'

/** A network of which nothing is told. */
export const UNKNOWN_NETWORK: Network = { isOnline: () => true, onChange: () => {} }

/**
 * Calls back when the device has a way to the server after its network changed, perhaps not the one that the request
 * went: a probe is sent with each change, until the signal fires, and answered.
 */
export function onNewWay(
  { method, url, signal }: UploadRequest,
  { transport, network }: { readonly transport: Transport; readonly network: Network },
  callback: () => void,
): void {
  // Never a question about the upload itself: that would end an append that lives.
  const probe: Pick<UploadRequest, 'method' | 'url'> =
    method === 'PATCH' || method === 'HEAD'
      ? { method: 'GET', url: new URL('../health/live', url).href }
      : { method: 'OPTIONS', url }
  async function ask(): Promise<void> {
    await transport({ ...probe, headers: {}, signal })
    if (!signal.aborted) callback()
  }
  // A probe without an answer says nothing.
  network.onChange(() => void ask().catch(() => {}), signal)
}
