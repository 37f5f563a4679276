import { answered } from './answered.ts'
import { pause } from './back-off.ts'
import { type Course, type Task, isPerhapsSpent, keep } from './course.ts'
import { type Outcome, failure, isPassing, retryAfter } from './outcome.ts'
import { noSession } from './session/session-keeper.ts'
import { isOneOrigin } from './slot.ts'
import { expectReadable } from './source-slice.ts'
import type { UploadAnswer } from './transport.ts'
import { UploadError } from './upload-error.ts'

/** How often in a row an upload may be gone, or a new slot not be enough, before a byte of it stood. */
const MOST_VAIN = 3

/** Failures in a row after which the server, or the way to it, is not what it should be. */
const MOST_FAILURES = 16

/** A server without room is asked so often. */
const MOST_FULL = 3

type Trouble = Exclude<Outcome, { kind: 'created' | 'stands' | 'published' }>

/** Finds the way on after a setback, and waits as long as it takes. Rejects if there is none. */
export async function comeBack(course: Course, task: Task, trouble: Trouble): Promise<void> {
  course.offset = undefined
  switch (trouble.kind) {
    case 'refused':
      return await evade(course, task, trouble.answer)
    case 'reauthenticate':
      return await reauthenticate(course, task, trouble.answer)
    case 'gone':
      course.resource = undefined
      course.vain += 1
      if (course.vain >= MOST_VAIN) throw failure('out-of-tries', trouble.answer)
      break
    case 'lost':
      course.sizes?.lost()
      await expectReadable(task.source)
      break
    case 'later':
    case 'elsewhere':
      break
  }
  await tryAgain(course, task, trouble)
}

/** What is refused in one way may be taken in another: once without what was to be taken over, once in a new slot. */
async function evade(course: Course, task: Task, answer: UploadAnswer): Promise<void> {
  const { slot, open, signal } = task
  if (course.adopts === undefined) {
    const { session, resource } = course
    // A server that lost the upload may have lost its session, too: the slot opens another one.
    const isSessionLost = answer.status === 401 && session.id !== undefined && !resource
    const isOver = isPerhapsSpent(course) || isPerhapsBanned(answer, resource)
    const ask = !isSessionLost && isOver && typeof slot === 'function' && slot
    if (course.vain >= MOST_VAIN || !(isSessionLost || ask)) throw failure('refused', answer)
    course.vain += 1
    if (ask) {
      const other = await answered(ask(signal), signal)
      const anew = { resource: undefined, isPerhapsThere: false, failures: 0, spoken: undefined }
      Object.assign(course, { slot: other, ...anew })
    }
  }
  course.adopts = undefined
  course.session = open()
}

/** Another slot is served, in a new session. Answers to HEAD have no text that would say so. */
function isPerhapsBanned({ status, problem }: UploadAnswer, resource: string | undefined): boolean {
  return problem === 'session-banned' || (status === 403 && !problem && resource !== undefined)
}

async function reauthenticate(course: Course, task: Task, answer: UploadAnswer): Promise<void> {
  const ask = task.reauthenticate ?? (typeof task.slot === 'function' ? task.slot : undefined)
  course.vain += 1
  if (!ask || course.vain >= MOST_VAIN) throw failure('reauthentication-required', answer)
  task.tell({ kind: 'reauthenticating' })
  const slot = await answered(ask(task.signal), task.signal)
  course.adopts = course.session.id === undefined ? undefined : (course.resource ?? course.adopts)
  if (!isOneOrigin(slot.put, course.slot.put)) {
    // Another server knows nothing of the session.
    Object.assign(course, { adopts: undefined, spoken: undefined, session: task.open() })
  }
  Object.assign(course, { slot, isPerhapsThere: false, resource: undefined })
}

async function tryAgain(course: Course, task: Task, trouble: Trouble): Promise<void> {
  const { kind } = trouble
  // What fails without a network says nothing of the server.
  course.failures = Math.max(course.failures + (task.network.isOnline() ? 1 : 0), 1)
  if (kind === 'later' && trouble.answer.problem === 'session-unavailable') {
    course.session = noSession(task.transport)
  }
  const reason = kind === 'lost' ? trouble.reason : failure('refused', trouble.answer)
  task.tell({ kind: 'lost', reason })
  giveUpIfHopeless(course, trouble)
  await keep(course, task)
  await pause(course.failures, kind === 'later' ? retryAfter(trouble.answer) : 0, task)
}

/** What passes is waited for; what stays as it is, is not tried for ever. */
function giveUpIfHopeless({ failures, isHeard, resource }: Course, trouble: Trouble): void {
  if (trouble.kind === 'lost') {
    // An upload that has begun shows that there is a way.
    const isHopeless = failures >= MOST_FAILURES && (!isHeard || resource === undefined)
    if (isHopeless) throw new UploadError('out-of-tries', 'No answer', { cause: trouble.reason })
    return
  }
  const { answer } = trouble
  if (answer.status === 507 && failures >= MOST_FULL) throw failure('refused', answer)
  if (failures >= MOST_FAILURES && !isPassing(answer)) throw failure('out-of-tries', answer)
}
