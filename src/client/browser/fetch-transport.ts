import { problemCode } from '../problem-code.ts'
import { blobOf } from '../source-slice.ts'
import type { Transport } from '../transport.ts'

/** Sends by `fetch`, as browsers and Node.js have it. It cannot tell how much was sent. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const request = {
    method,
    headers: { ...headers },
    body: body ? await blobOf(body) : null,
    signal,
    // What is shown to one server is not for another.
    redirect: 'manual' as const,
    // A probe has to go to the server.
    cache: 'no-store' as const,
  }
  const response = await fetch(url, request)
  const answer = { status: response.status, headers: response.headers }
  if (!response.ok) return { ...answer, ...problemCode(await response.text()) }
  await response.body?.cancel()
  return answer
}
