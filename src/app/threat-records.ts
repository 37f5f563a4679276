import { userSubject } from '../abuse/bans.ts'
import { type Finding, findingOf, nameOf } from '../abuse/findings.ts'
import type { Clock } from '../core/clock.ts'
import { userOf } from '../engine/admission.ts'
import type { UploadEngine } from '../engine/engine.ts'
import type { SlotRecord } from '../engine/slot-record.ts'
import type { GateEvents, Threat } from '../gate/events.ts'
import type { ThreatPolicy } from '../risk/threats/pattern.ts'
import { areDeletedForAbuse } from '../risk/threats/uploads-deleted-for-abuse.ts'
import type { Stores } from './stores.ts'

const PATTERN = 'uploads-deleted-for-abuse'

/** What is stored of threats, for the commands of an operator. */
export interface ThreatRecords {
  /** Takes note that a file was removed for abuse. Resolves to whose it was; nothing if its grant named nobody. */
  noteAbuse(file: SlotRecord): Promise<string | undefined>
  /** Whether that is found of the user now, and told. Reads the records of all files. */
  judgeAbuse(user: string): Promise<Threat | undefined>
  /** What was found and holds, the latest end first. */
  list(): Promise<readonly Finding[]>
  /** Ends what was found of a subject, as {@link list} names it. Resolves to what that was. */
  lift(subject: string): Promise<readonly Finding[]>
}

/** What the records are kept with. */
export interface ThreatRecordNeeds {
  readonly stores: Pick<Stores, 'marks'>
  readonly engine: Pick<UploadEngine, 'files'>
  readonly policy: ThreatPolicy
  readonly clock: Clock
  readonly events: Pick<GateEvents, 'threatFound'>
  /** Told of every finding that an operator ended. */
  readonly lifted: (finding: Finding) => void
}

export function threatRecords(needs: ThreatRecordNeeds): ThreatRecords {
  const { stores, engine, policy, clock, events, lifted } = needs
  const [found, deleted] = [stores.marks('findings'), stores.marks('abuse')]
  const { effects, duration, abuse: limits } = policy
  const effect = effects[PATTERN]

  /** Files of the user that were published in the window and are still there. */
  async function standingOf(subject: string): Promise<number> {
    const since = clock() - limits.window
    let standing = 0
    for await (const file of engine.files()) {
      const isLate = (file.publishedAt ?? 0) > since
      if (isLate && subjectOf(file) === subject) standing += 1
    }
    return standing
  }

  async function list(): Promise<readonly Finding[]> {
    return (await found.all()).map(findingOf)
  }

  return {
    async noteAbuse(file): Promise<string | undefined> {
      const user = userOf(file)
      if (user === undefined || effect === 'off') return user
      const name = nameOf(file.fingerprint, userSubject(user))
      await deleted.put({ name, until: clock() + limits.window })
      return user
    },
    async judgeAbuse(user): Promise<Threat | undefined> {
      if (effect === 'off') return undefined
      const subject = userSubject(user)
      const name = nameOf(PATTERN, subject)
      if ((await found.all()).some((mark) => mark.name === name)) return undefined
      const removed = (await deleted.all()).filter((mark) => findingOf(mark).subject === subject)
      const files = { deleted: removed.length, standing: await standingOf(subject) }
      if (!areDeletedForAbuse(files, limits)) return undefined
      await found.put({ name, until: clock() + duration })
      const threat = { pattern: PATTERN, effect, user, count: files.deleted, duration } as const
      events.threatFound(threat)
      return threat
    },
    list,
    async lift(subject): Promise<readonly Finding[]> {
      const named = (await list()).filter((finding) => finding.subject === subject)
      for (const finding of named) {
        await found.remove(nameOf(finding.pattern, subject))
        lifted(finding)
      }
      return named
    },
  }
}

function subjectOf(file: SlotRecord): string | undefined {
  const user = userOf(file)
  return user === undefined ? undefined : userSubject(user)
}
