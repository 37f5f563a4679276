import type { Slot } from '../../client/slot.ts'
import { HEADER } from '../../wire/header-names.ts'
import { CheckEnded } from './check-ended.ts'
import type { Deployment } from './deployment.ts'
import { type Finding, failed, skipped } from './finding.ts'
import { type Answer, type Question, described, field } from './http-client.ts'
import { otherServer } from './other-server.ts'
import { inNginx, inOurs, isTooMany, withoutLimits } from './remedies.ts'
import { refusedSlot } from './refused-slot.ts'
import { type Errand, putOf } from './uploading.ts'

/** Version of the protocol of resumable uploads (draft-ietf-httpbis-resumable-upload, interop version 8). */
export const SPOKEN = { [HEADER.uploadInterop]: '8' }

/** Whether the answer to OPTIONS on a slot says that uploads can go on by that protocol. */
export function speaksResumable(options: Answer): boolean {
  return field(options, HEADER.resume)
    .split(/\s*,\s*/u)
    .includes('rufh')
}

const NOT_RESUMABLE = 'the server lets no upload go on: network_resilience.upload_resumption'

/** Creates an upload without a byte of it; resolves to the URL of its resource. Ends the check where that fails. */
export async function createUpload(
  deployment: Deployment,
  errand: Errand,
  signal: AbortSignal,
): Promise<string> {
  return (await creation(deployment, errand, { signal })).resource
}

/** As {@link createUpload}, with fields of one's own; resolves to the answer, too. */
export async function creation(
  deployment: Deployment,
  { slot, file }: Errand,
  { signal, fields = {} }: { signal: AbortSignal; fields?: Readonly<Record<string, string>> },
): Promise<{ readonly resource: string; readonly answer: Answer }> {
  const put = putOf({ slot, file })
  if (!(await canGoOn(deployment, slot, signal))) throw new CheckEnded(skipped(NOT_RESUMABLE))
  const length = String(file.bytes.length)
  const answer = await deployment.http.ask(
    {
      ...put,
      headers: {
        ...put.headers,
        ...SPOKEN,
        ...fields,
        [HEADER.uploadComplete]: '?0',
        [HEADER.uploadLength]: length,
      },
      body: Buffer.alloc(0),
    },
    signal,
  )
  if (answer.status !== 201) throw new CheckEnded(refusedSlot(deployment, slot, answer))
  return { resource: resourceIn(deployment, slot, answer), answer }
}

/** The configuration knows best: to OPTIONS a proxy may answer in the server's place. */
async function canGoOn(
  { config, http }: Deployment,
  { put }: Slot,
  signal: AbortSignal,
): Promise<boolean> {
  if (config !== undefined) return config.networkResilience.uploadResumption
  return speaksResumable(await http.ask({ method: 'OPTIONS', url: put }, signal))
}

function resourceIn({ publicUrl }: Deployment, { put }: Slot, answer: Answer): string {
  const location = field(answer, HEADER.location)
  if (location === '') {
    const text = `the answer (${described(answer)}) does not say where the upload goes on`
    throw new CheckEnded(failed(text, inOurs('network_resilience', 'upload_resumption = true')))
  }
  const resource = new URL(location, put)
  if (resource.href.startsWith(publicUrl.href)) return resource.href
  const text = `the upload would go on at ${resource.origin}${resource.pathname.replace(/[^/]*$/u, '…')}, not below ${publicUrl.href}`
  throw new CheckEnded(failed(text, inOurs('server', `public_url = "${publicUrl.href}"`)))
}

/** The head of a PATCH that brings all that is missing from `offset` on. */
export function patchOf(resource: string, offset: number): Question {
  return {
    method: 'PATCH',
    url: resource,
    headers: {
      ...SPOKEN,
      [HEADER.contentType]: 'application/partial-upload',
      [HEADER.uploadOffset]: String(offset),
      [HEADER.uploadComplete]: '?1',
    },
  }
}

/** A PATCH that should have been taken. */
export function refusedPatch(deployment: Deployment, answer: Answer): Finding {
  return refusedResource(deployment, 'PATCH, by which an upload goes on,', answer)
}

/** A request on the upload resource that should have been taken. */
function refusedResource(deployment: Deployment, what: string, answer: Answer): Finding {
  const text = `${what} is answered with ${described(answer)}`
  if (answer.status === 404) {
    return otherServer(`${text}, so the upload that was just created is not known there`)
  }
  if (isTooMany(answer)) return failed(text, withoutLimits(deployment))
  const passing = '# no limit_except, no dav_methods: PATCH, HEAD and DELETE must pass'
  return failed(text, inNginx(deployment, passing))
}

/** How many bytes of the upload the server has. Ends the check where it does not say. */
export async function offsetAt(
  deployment: Deployment,
  resource: { readonly url: string; readonly address?: string | undefined },
  signal: AbortSignal,
): Promise<number> {
  const question = { method: 'HEAD', headers: SPOKEN, ...resource }
  const answer = await deployment.http.ask(question, signal)
  const offset = field(answer, HEADER.uploadOffset)
  if (/^\d{1,15}$/u.test(offset)) return Number(offset)
  throw new CheckEnded(refusedResource(deployment, 'HEAD, which tells the offset,', answer))
}

/** Gives an upload up that was made to try something. */
export async function giveUp(
  { http }: Deployment,
  resource: string,
  signal: AbortSignal,
): Promise<void> {
  await http.ask({ method: 'DELETE', url: resource, headers: SPOKEN }, signal)
}
