import { activeAt } from './bound-session-life.ts'
import type { SessionNeeds } from './needs.ts'
import type { BoundSession } from './session-record.ts'

/** Milliseconds without a request after which it is looked whether bytes came meanwhile: shorter than any standby. */
const SILENCE = 30_000

/** The session, which was active as long as the bodies of its requests flowed. */
export async function sendingTill(
  session: BoundSession,
  { clock, lastByteOf }: Pick<SessionNeeds, 'clock' | 'lastByteOf'>,
): Promise<BoundSession> {
  if (lastByteOf === undefined || clock() - session.lastActiveAt <= SILENCE) return session
  const moments = await Promise.all(session.uploads.map(lastByteOf))
  return activeAt(session, Math.max(...moments.flatMap((moment) => moment ?? []), 0))
}
