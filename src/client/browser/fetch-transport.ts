import { problemCode } from '../problem-code.ts'
import { blobOf } from '../source-slice.ts'
import type { Transport } from '../transport.ts'

/** Sends by `fetch`, as browsers and Node.js have it. It cannot tell how much was sent. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const init: RequestInit = {
    method,
    headers,
    body: body ? await blobOf(body) : null,
    signal,
    // What is shown to one server is not for another.
    redirect: 'manual',
    // A probe has to go to the server.
    cache: 'no-store',
  }
  const answer = await fetch(url, init)
  return {
    status: answer.status,
    headers: answer.headers,
    ...problemCode(await answer.text()),
  }
}
