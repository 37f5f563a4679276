import { activeAt } from './bound-session-life.ts'
import type { SessionNeeds } from './needs.ts'
import type { BoundSession } from './session-record.ts'

/** Milliseconds without a request after which it is looked whether bytes came meanwhile: shorter than any standby. */
const SILENCE = 30_000

/** Whether nothing was heard of the session for so long that its client may have been sending all the time. */
export function isSilent(
  { lastActiveAt }: BoundSession,
  { clock }: Pick<SessionNeeds, 'clock'>,
): boolean {
  return clock() - lastActiveAt > SILENCE
}

/** The session, which was active as long as the bodies of its requests flowed. */
export async function sendingTill(
  session: BoundSession,
  { lastByteOf }: Pick<SessionNeeds, 'lastByteOf'>,
): Promise<BoundSession> {
  if (lastByteOf === undefined) return session
  const moments = await Promise.all(session.uploads.map(lastByteOf))
  return activeAt(session, Math.max(...moments.flatMap((moment) => moment ?? []), 0))
}
