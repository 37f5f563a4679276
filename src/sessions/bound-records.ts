import type { SessionNeeds } from './needs.ts'
import { type BoundSession, isBound } from './session-record.ts'

/** Changes the session as it stands in the store; `how` returns it as it is to change nothing. Resolves to what stands there then; to nothing if it is not there. */
export type ChangeSession = (
  name: string,
  how: (session: BoundSession) => BoundSession,
) => Promise<BoundSession | undefined>

/** The records of sessions with a key, which every process changes in the store. */
export interface BoundRecords {
  /** The session of that name unless it is too old. */
  readonly find: (name: string) => Promise<BoundSession | undefined>
  readonly change: ChangeSession
}

export function boundRecords({
  store,
  clock,
  policy,
}: Pick<SessionNeeds, 'store' | 'clock' | 'policy'>): BoundRecords {
  async function find(name: string): Promise<BoundSession | undefined> {
    const session = await store.find(name)
    if (session === undefined || !isBound(session)) return undefined
    return session.openedAt + policy().maxAge > clock() ? session : undefined
  }

  return {
    find,
    async change(name, how) {
      for (;;) {
        const session = await find(name)
        if (session === undefined) return undefined
        const next = how(session)
        if (next === session) return session
        const numbered = { ...next, revision: session.revision + 1 }
        if (await store.replace(numbered, session.revision)) return numbered
      }
    },
  }
}
