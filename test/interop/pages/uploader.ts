/** What the browser suite runs in a page: real uploaders, told where to send a file of the page's own origin. */
import type { HttpRequest, UploadOptions } from 'tus-js-client'
import { uploadToSlot } from '../../../examples/tus/slot-upload.ts'
import { slotUploads } from '../../../examples/uppy/slot-uploads.ts'
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

/** Uploads by tus-js-client, as its example does. */
export async function byTus({
  protocol,
  ...job
}: Job & Required<Pick<UploadOptions, 'protocol'>>): Promise<Report> {
  const requests: Requests = []
  const uploaded = uploadToSlot(await blobOf(job), job.endpoint, {
    protocol,
    metadata: { filename: job.name, filetype: job.type },
    onBeforeRequest: noting(requests),
  })
  return { outcome: await uploaded.then(() => 'complete', String), requests }
}

/** Uploads by Uppy, as its example does. */
export async function byUppy(job: Job): Promise<Report> {
  const requests: Requests = []
  const { promise, resolve } = Promise.withResolvers<string>()
  const uppy = slotUploads({
    requestSlot: async () => await Promise.resolve({ put: job.endpoint, get: job.endpoint }),
    storage: localStorage,
    onPublished: () => resolve('complete'),
  })
  uppy.on('upload-error', (_file, { message }) => resolve(message))
  uppy.getPlugin('Tus')?.setOptions({ onBeforeRequest: noting(requests) })
  uppy.addFile({ name: job.name, type: job.type, data: await blobOf(job) })
  const outcome = await promise
  uppy.destroy()
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
