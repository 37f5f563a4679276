import { answered } from '../answered.ts'
import { problemCode } from '../problem-code.ts'
import { isOneOrigin } from '../slot.ts'
import { blobOf } from '../source-slice.ts'
import type { Transport, UploadAnswer, UploadRequest } from '../transport.ts'
import { UploadError } from '../upload-error.ts'
import { fetchTransport } from './fetch-transport.ts'

/**
 * Sends bodies by `XMLHttpRequest`, the only way of browsers that tells how much was sent, and everything else by
 * `fetch`. Where there is no `XMLHttpRequest` (service workers), `fetch` sends all, and nothing is told.
 */
export const xhrTransport: Transport = async (request) =>
  request.body && typeof XMLHttpRequest !== 'undefined'
    ? await sentByXhr(request, await blobOf(request.body))
    : await fetchTransport(request)

async function sentByXhr(
  { method, url, headers, signal, onSent }: UploadRequest,
  body: Blob,
): Promise<UploadAnswer> {
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<UploadAnswer>()
  const xhr = new XMLHttpRequest()
  xhr.open(method, url)
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
  xhr.upload.addEventListener('progress', ({ loaded }) => onSent?.(loaded))
  xhr.addEventListener('load', () => {
    // Browsers follow redirections without asking.
    if (isOneOrigin(xhr.responseURL, new URL(url, location.href).href)) resolve(answerOf(xhr))
    else reject(new UploadError('bad-answer', `Redirected to ${xhr.responseURL}`))
  })
  xhr.addEventListener('error', () => reject(new TypeError('The connection was lost')))
  xhr.send(body)
  try {
    return await answered(promise, signal)
  } finally {
    xhr.abort()
  }
}

function answerOf(xhr: XMLHttpRequest): UploadAnswer {
  const headers = new Headers()
  const lines = xhr.getAllResponseHeaders().matchAll(/^(.+?): (.*)$/gmu)
  for (const [, name = '', value = ''] of lines) headers.append(name, value)
  return { status: xhr.status, headers, ...problemCode(xhr.responseText) }
}
