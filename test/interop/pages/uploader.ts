/** What the browser suite runs in a page: real uploaders, told where to send a file of the page's own origin. */
import { Uppy } from '@uppy/core'
import Tus from '@uppy/tus'
import { type HttpRequest, Upload, type UploadOptions } from 'tus-js-client'
import { xhrTransport } from '../../../src/client/browser/xhr-transport.ts'
import { uploading } from '../../../src/client/upload.ts'
import type { Transport } from '../../../src/client/transport.ts'

interface Job {
  /** Where the page's own server has the file. */
  readonly source: string
  /** The slot. */
  readonly endpoint: string
  readonly name: string
  readonly type: string
}

/** What became of an upload, and what it took. */
interface Report {
  /** `complete`, or why not. */
  readonly outcome: string
  /** The requests in order. */
  readonly requests: readonly { readonly method: string; readonly offset?: number }[]
}

type Requests = Report['requests'][number][]

const RETRY_DELAYS = [0, 50, 100, 200, 500, 1000]

/** Uploads by tus-js-client. */
export async function byTus({ protocol, ...job }: Job & { protocol: string }): Promise<Report> {
  const requests: Requests = []
  const { promise, resolve } = Promise.withResolvers<string>()
  // The package's types do not know the option that its documentation names.
  const options: UploadOptions & { protocol: string } = {
    endpoint: job.endpoint,
    protocol,
    retryDelays: RETRY_DELAYS,
    metadata: { filename: job.name, filetype: job.type },
    storeFingerprintForResuming: false,
    onBeforeRequest: noting(requests),
    onSuccess: () => resolve('complete'),
    onError: (error) => resolve(String(error)),
  }
  new Upload(await blobOf(job), options).start()
  return { outcome: await promise, requests }
}

/** Uploads by Uppy. */
export async function byUppy(job: Job): Promise<Report> {
  const requests: Requests = []
  const uppy = new Uppy().use(Tus, {
    endpoint: job.endpoint,
    retryDelays: RETRY_DELAYS,
    limit: 1,
    onBeforeRequest: noting(requests),
  })
  uppy.addFile({ name: job.name, type: job.type, data: await blobOf(job) })
  const result = await uppy.upload()
  uppy.destroy()
  const failed = result?.failed ?? []
  const outcome = failed.length === 0 ? 'complete' : failed.map(({ error }) => error).join()
  return { outcome, requests }
}

/** Uploads by our own client. */
export async function byOurs(job: Job): Promise<Report> {
  const requests: Requests = []
  const transport: Transport = async (request) => {
    const offset = request.headers['upload-offset']
    const at = offset === undefined ? {} : { offset: Number(offset) }
    if (request.method !== 'OPTIONS') requests.push({ method: request.method, ...at })
    return await xhrTransport(request)
  }
  const { endpoint } = job
  const upload = uploading({ transport, network: { isOnline: () => true, onChange: () => {} } })
  const uploaded = upload(await blobOf(job), { put: endpoint, get: endpoint })
  const outcome = await uploaded.then(() => 'complete', String)
  return { outcome, requests }
}

function noting(requests: Requests): (request: HttpRequest) => void {
  return (request) => {
    const offset = request.getHeader('Upload-Offset')
    const at = offset === undefined ? {} : { offset: Number(offset) }
    requests.push({ method: request.getMethod(), ...at })
  }
}

async function blobOf({ source, type }: Job): Promise<Blob> {
  const response = await fetch(source)
  return new Blob([await response.arrayBuffer()], { type })
}
