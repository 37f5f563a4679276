import { fetchTransport } from './fetch-transport.ts'
import { problemCode } from '../problem-code.ts'
import { isOneOrigin } from '../slot.ts'
import { blobOf } from '../source-slice.ts'
import type { Transport, UploadAnswer, UploadRequest } from '../transport.ts'
import { UploadError } from '../upload-error.ts'

/**
 * Sends bodies by `XMLHttpRequest`, the only way of browsers that tells how much was sent, and everything else by
 * `fetch`. Where there is no `XMLHttpRequest` (service workers), `fetch` sends all, and nothing is told.
 */
export const xhrTransport: Transport = async (request) =>
  request.body === undefined || typeof XMLHttpRequest === 'undefined'
    ? await fetchTransport(request)
    : await sentByXhr(request)

async function sentByXhr(request: UploadRequest): Promise<UploadAnswer> {
  const { method, url, headers, signal, onSent } = request
  const body = request.body && (await blobOf(request.body))
  signal.throwIfAborted()
  const { promise, resolve, reject } = Promise.withResolvers<UploadAnswer>()
  const xhr = new XMLHttpRequest()
  const giveUp = (): void => {
    reject(signal.reason)
    xhr.abort()
  }
  xhr.open(method, url)
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
  xhr.upload.addEventListener('progress', ({ loaded }) => onSent?.(loaded))
  xhr.addEventListener('load', () => {
    // Browsers follow redirections without asking.
    if (isOneOrigin(xhr.responseURL, new URL(url, location.href).href)) resolve(answerOf(xhr))
    else reject(new UploadError('bad-answer', `Redirected to ${xhr.responseURL}`))
  })
  xhr.addEventListener('error', () => reject(new TypeError('The connection was lost')))
  signal.addEventListener('abort', giveUp)
  xhr.send(body ?? null)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

function answerOf(xhr: XMLHttpRequest): UploadAnswer {
  const headers = new Headers()
  const lines = xhr.getAllResponseHeaders().matchAll(/^(.+?): (.*)$/gmu)
  for (const [, name = '', value = ''] of lines) headers.append(name, value)
  return { status: xhr.status, headers, ...problemCode(xhr.responseText) }
}
