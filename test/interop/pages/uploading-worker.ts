/** A worker that uploads zeros to the slot it is told, and answers through the port that came along. */
import { upload } from '../../../src/client/browser/main.ts'

addEventListener('message', ({ data, ports: [port] }: MessageEvent) => {
  const { slot, size } = data
  upload(new Blob([new Uint8Array(size)]), slot, { id: 'of a worker' }).then(
    ({ url }) => port?.postMessage({ url, hasXhr: 'XMLHttpRequest' in globalThis }),
    (error: unknown) => port?.postMessage({ error: String(error) }),
  )
})
