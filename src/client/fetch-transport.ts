import { problemCode } from './problem-code.ts'
import type { Transport } from './transport.ts'

/** Sends by `fetch`, as browsers and Node.js have it. It cannot tell how much was sent. */
export const fetchTransport: Transport = async ({ method, url, headers, body, signal }) => {
  const request = { method, headers: { ...headers }, body: body ?? null, signal }
  const response = await fetch(url, request)
  const answer = { status: response.status, headers: response.headers }
  if (!response.ok) return { ...answer, ...problemCode(await response.text()) }
  await response.body?.cancel()
  return answer
}
