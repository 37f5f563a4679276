import { comeBack } from './setbacks.ts'
import { type Course, type Task, departure, keep } from './course.ts'
import { nextStep } from './next-step.ts'
import { UploadError, type UploadErrorCode } from './upload-error.ts'
import type { Uploaded } from './upload-options.ts'

/** After these nothing of the upload is of use any more. */
const FINAL: readonly UploadErrorCode[] = ['refused', 'bad-answer', 'source-changed']

/** Uploads, for as long as it takes. Rejects with `UploadError`, or with the signal's reason. */
export async function run(task: Task): Promise<Uploaded> {
  const { source, tell, memory, signal } = task
  signal.throwIfAborted()
  const course = await departure(task)
  try {
    if (course.resource !== undefined) tell({ kind: 'restored', resource: course.resource })
    await untilPublished(course, task)
  } catch (reason) {
    const isFinal = reason instanceof UploadError && FINAL.includes(reason.code)
    try {
      await (isFinal ? memory?.forget() : keep(course, task))
    } catch (unkept) {
      // That nothing is remembered is the lesser news.
      if (reason instanceof UploadError) reason.cause ??= unkept
    }
    throw reason
  }
  // The file is there: what is remembered of it for too long does no harm.
  await memory?.forget().catch(() => {})
  const { get: url } = course.slot
  tell({ kind: 'published', url })
  return { url, size: source.size }
}

async function untilPublished(course: Course, task: Task): Promise<void> {
  for (;;) {
    task.signal.throwIfAborted()
    const outcome = await nextStep(course, task)
    if (outcome.kind === 'published') return
    if (outcome.kind === 'created') await begin(course, task, outcome)
    else if (outcome.kind === 'stands') stand(course, task, outcome.offset)
    else await comeBack(course, task, outcome)
  }
}

async function begin(
  course: Course,
  task: Task,
  { resource, offset }: { resource: string; offset: number },
): Promise<void> {
  task.tell({ kind: 'created', resource })
  const isAdopted = course.adopts !== undefined && offset > 0
  if (isAdopted) task.tell({ kind: 'adopted', offset })
  Object.assign(course, { resource, offset, furthest: offset, adopts: undefined })
  // Whoever was asked for a new slot may be asked for a proof again: by a question, before bytes are sent in vain.
  if (isAdopted) course.offset = undefined
  await keep(course, task)
}

function stand(course: Course, { tell }: Task, offset: number): void {
  if (offset > course.furthest) {
    Object.assign(course, { furthest: offset, failures: 0, vain: 0 })
  }
  course.offset = offset
  tell({ kind: 'stands', offset })
}
