import { FIRST_APPEND, appendSizes } from './append-sizes.ts'
import { ConnectionLost } from './connection-lost.ts'
import { type Course, type Task, keep } from './course.ts'
import { PLAIN, type Spoken } from './faces/discovery.ts'
import { rufh } from './faces/rufh.ts'
import { lateCode } from './late-code.ts'
import type { Outcome, Setback } from './outcome.ts'
import { append, ask, create, isThere, put } from './steps.ts'
import type { UploadEvent } from './upload-event.ts'

/** Failures in a row after which a server that cannot be asked what it speaks gets a plain PUT. */
const ASKED_ENOUGH = 2

/** One that answers, but not this for now, may be starting: it is asked for some seconds more. */
const WAITED_ENOUGH = 6

/** Does what is next. Rejects with `UploadError`, with the signal's reason, or with what its caller did wrong. */
export async function nextStep(course: Course, task: Task): Promise<Outcome> {
  // This step itself is no reason.
  const isOnceMore = course.isPerhapsThere
  let handed: number | undefined
  const tell = (event: UploadEvent): void => {
    // Who does not tell how much was sent may have sent all.
    if (event.kind === 'sending') handed = event.end
    if (event.kind === 'sent') handed = event.offset
    task.tell(event)
  }
  try {
    const outcome = await step(course, { ...task, tell })
    course.isHeard = true
    return isOnceMore && isSpent(outcome, course) && (await isThere(course.slot.get, task))
      ? { kind: 'published' }
      : outcome
  } catch (reason) {
    task.signal.throwIfAborted()
    if (reason instanceof ConnectionLost) return { kind: 'lost', reason: reason.cause ?? reason }
    throw reason
  } finally {
    course.isPerhapsThere ||= handed === task.source.size
  }
}

/** Whether the slot takes nothing any more, perhaps because it has this file. */
function isSpent(outcome: Outcome, { resource }: Course): boolean {
  if (outcome.kind !== 'refused' || resource !== undefined) return false
  const { status, problem } = outcome.answer
  // Whoever says so has compared: another file is there.
  return status === 409 && problem !== 'slot-conflict'
}

async function step(course: Course, task: Task): Promise<Outcome> {
  const spoken = course.spoken ?? (await discovered(course, task))
  if ('kind' in spoken) return spoken
  const { face, chunk } = spoken
  if (face === 'plain') return await put(course.slot, task)
  // Most pages meet no server that speaks tus alone.
  const { tus } =
    face === 'tus' ? await lateCode(async () => await import('./faces/tus.ts'), task) : {}
  const protocol = tus ?? rufh
  const { resource, offset, session } = course
  // Servers of tus know no sessions, and pages may not send them a field that they do not know.
  const means = face === 'tus' ? task : { ...task, transport: session.transport }
  if (resource === undefined) {
    // If the answer is lost, only what proves the session brings another one.
    await keep(course, task)
    return await create(course, means, protocol)
  }
  if (offset === undefined) return await ask(resource, means, protocol)
  const sizes = (course.sizes ??= appendSizes(chunk))
  return await append({ url: resource, offset, sizes }, means, protocol)
}

async function discovered(course: Course, task: Task): Promise<Spoken | Setback> {
  const { slot, failures, adopts } = course
  try {
    const spoken = await task.discover(slot.put, task)
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
