import * as HEADER from '../wire/header-fields.ts'
import { type AppendSizes, FIRST_APPEND, appendSizes } from './append-sizes.ts'
import { ConnectionLost } from './connection-lost.ts'
import { type Course, type Task, isPerhapsSpent, keep } from './course.ts'
import { PLAIN, type Spoken } from './faces/discovery.ts'
import type { ResumableFace } from './faces/resumable-face.ts'
import { rufh } from './faces/rufh.ts'
import { tus } from './faces/tus.ts'
import type { Outcome, Setback } from './outcome.ts'
import { type Means, append, ask, create, put } from './steps.ts'
import type { Transport } from './transport.ts'

/** Failures in a row after which a server that cannot be asked what it speaks gets a plain PUT. */
const ASKED_ENOUGH = 2

/** One that answers, but not this for now, may be starting: it is asked for some seconds more. */
const WAITED_ENOUGH = 6

/** Does what is next. Rejects with `UploadError`, with the signal's reason, or with what its caller did wrong. */
export async function nextStep(course: Course, task: Task): Promise<Outcome> {
  try {
    const outcome = await step(course, task)
    const isSpent = outcome.kind === 'refused' && outcome.answer.status === 409
    return isSpent && isPerhapsSpent(course) && (await isThere(course, task))
      ? { kind: 'published' }
      : outcome
  } catch (reason) {
    task.signal.throwIfAborted()
    if (reason instanceof ConnectionLost) return { kind: 'lost', reason: reason.cause ?? reason }
    throw reason
  }
}

async function step(course: Course, task: Task): Promise<Outcome> {
  const spoken = course.spoken ?? (await discovered(course, task))
  if ('kind' in spoken) return spoken
  const { face, chunk } = spoken
  if (face === 'plain') return await wholeFile(course, task)
  const protocol = { rufh, tus }[face]
  const { resource, offset, session } = course
  // Servers of tus know no sessions, and pages may not send them a field that they do not know.
  const means = meansOf(face === 'tus' ? task.transport : session.transport, course, task)
  if (resource === undefined) {
    // If the answer is lost, only what proves the session brings another one.
    await keep(course, task)
    return await create(course, means, protocol)
  }
  if (offset === undefined) return await ask(resource, means, protocol)
  course.sizes ??= appendSizes(chunk)
  return await appended({ resource, offset, sizes: course.sizes, protocol }, means, task)
}

async function discovered(course: Course, task: Task): Promise<Spoken | Setback> {
  const { slot, failures, adopts } = course
  try {
    const means = meansOf(task.transport, course, task)
    const spoken = await task.discover(slot.put, means.send)
    if ('kind' in spoken) return failures < WAITED_ENOUGH ? spoken : PLAIN
    const isSmall = task.source.size <= Math.min(FIRST_APPEND, spoken.chunk)
    // Creating an upload first would be a request more, for a file that is one request.
    course.spoken = spoken.face === 'rufh' && isSmall && adopts === undefined ? PLAIN : spoken
    task.tell({ kind: 'face', face: course.spoken.face })
    return course.spoken
  } catch (reason) {
    // A page may not be allowed to ask; whether it may send, only sending shows.
    if (failures < ASKED_ENOUGH || !(reason instanceof ConnectionLost)) throw reason
    return PLAIN
  }
}

async function wholeFile(course: Course, task: Task): Promise<Outcome> {
  const { source, tell } = task
  tell({ kind: 'sending', offset: 0, end: source.size })
  const means = meansOf(task.transport, course, task)
  return await put(course.slot, means, (bytes) => tell({ kind: 'sent', offset: bytes }))
}

/** An upload that stands somewhere. */
interface Standing {
  readonly resource: string
  readonly offset: number
  readonly sizes: AppendSizes
  readonly protocol: ResumableFace
}

async function appended(
  { resource, offset, sizes, protocol }: Standing,
  means: Means,
  { tell, time, source }: Task,
): Promise<Outcome> {
  const end = Math.min(offset + sizes.next(), source.size)
  const onSent = (bytes: number): void => tell({ kind: 'sent', offset: offset + bytes })
  tell({ kind: 'sending', offset, end })
  const begunAt = time.now()
  const outcome = await append({ url: resource, offset, end, onSent }, means, protocol)
  if (outcome.kind === 'stands') sizes.took(outcome.offset - offset, time.now() - begunAt)
  return outcome
}

/** Whether a file of this size is where the slot's file will be; the answer that told so may have been lost. */
async function isThere(course: Course, task: Task): Promise<boolean> {
  try {
    const { status, headers } = await meansOf(task.transport, course, task).send({
      method: 'HEAD',
      url: course.slot.get,
      headers: {},
    })
    return status === 200 && headers.get(HEADER.contentLength) === String(task.source.size)
  } catch {
    task.signal.throwIfAborted()
    // A page may not be allowed to ask there.
    return false
  }
}

function meansOf(transport: Transport, course: Course, { source, signal }: Task): Means {
  return {
    source,
    async send(request) {
      const answer = await transport({ ...request, signal })
      course.isHeard = true
      return answer
    },
  }
}
