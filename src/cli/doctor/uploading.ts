import type { Slot } from '../../client/slot.ts'
import { CheckEnded } from './check-ended.ts'
import type { Deployment, Upload } from './deployment.ts'
import { skipped } from './finding.ts'
import type { Question } from './http-client.ts'
import type { SlotDesk } from './slot-desk.ts'
import type { TestFile } from './test-file.ts'

/** A file and the slot it is to be uploaded to. */
export interface Errand {
  readonly file: TestFile
  readonly slot: Slot
  /** The one to go to; any if not told. */
  readonly address?: string | undefined
}

/** A slot for a file. Ends the check where there is none. */
export async function errandFor(
  slots: SlotDesk | undefined,
  file: TestFile,
  signal: AbortSignal,
): Promise<Errand> {
  const { name, type, bytes } = file
  const slot = await slots?.next({ name, type, size: bytes.length }, signal)
  if (slot !== undefined) return { file, slot }
  const why = slots === undefined ? 'no slots' : 'no slot is left for it'
  throw new CheckEnded(skipped(`${why}: --config FILE or --jid ME gives some`))
}

/** The head of a PUT into a slot. */
export function putOf({ slot, file, address }: Errand): Question {
  return {
    method: 'PUT',
    url: slot.put,
    address,
    headers: { ...slot.headers, 'Content-Type': file.type },
  }
}

/** Uploads a file as every client of XEP-0363 does. */
export async function plainUpload(
  { http, clock }: Deployment,
  errand: Errand,
  signal: AbortSignal,
): Promise<Upload> {
  const sentAt = clock()
  const answer = await http.ask({ ...putOf(errand), body: errand.file.bytes }, signal)
  return { ...errand, answer, sentAt }
}
