import type { Finding } from '../abuse/finding-table.ts'
import { subjectKey, userSubject } from '../abuse/subject.ts'
import type { Clock } from '../core/clock.ts'
import { userOf } from '../engine/admission.ts'
import type { UploadEngine } from '../engine/engine.ts'
import type { SlotRecord } from '../engine/slot-record.ts'
import type { GateEvents, Threat } from '../gate/events.ts'
import type { Effect, ThreatPolicy } from '../risk/threats/pattern.ts'
import { areDeletedForAbuse } from '../risk/threats/uploads-deleted-for-abuse.ts'
import { storedFindings } from './finding-lists.ts'
import type { Stores } from './stores.ts'

const PATTERN = 'uploads-deleted-for-abuse'

/** A finding that is stored, and what becomes of it. */
export interface StoredFinding extends Finding {
  readonly effect: Effect
}

/** What was found of a user. */
interface AbuseFinding extends Threat {
  /** As it stands in the list. */
  readonly subject: string
}

/** What is stored of threats, for the commands of an operator. */
export interface ThreatRecords {
  /** Takes note that a file was removed for abuse. Resolves to whose it was; nothing if its grant named nobody. */
  noteAbuse(file: SlotRecord): Promise<string | undefined>
  /** Whether that is found of the user now, and told. Reads the records of all files. */
  judgeAbuse(user: string): Promise<AbuseFinding | undefined>
  /** What was found and holds, the latest end first. */
  list(): Promise<readonly StoredFinding[]>
  /** Ends what was found of a subject, as {@link list} names it; of a user any way to write the JID, and its SHA-1. Resolves to what that was. */
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
  const [found, deleted] = [storedFindings(stores), stores.marks('abuse')]
  const { effects, duration, abuse: limits } = policy
  const effect = effects[PATTERN]
  const effectOf = new Map<string, Effect>(Object.entries(effects))

  /** Files of the user that are there, however old: removed are old ones, too. */
  async function standingOf(user: string): Promise<number> {
    let standing = 0
    for await (const file of engine.files()) if (keyOf(file) === user) standing += 1
    return standing
  }

  /** Files of the user that were removed for abuse in the window. */
  async function deletedOf(user: string): Promise<number> {
    return (await deleted.all()).filter(({ name }) => subjectKey(ownerIn(name)) === user).length
  }

  return {
    async noteAbuse(file): Promise<string | undefined> {
      const user = userOf(file)
      if (user === undefined || effect === 'off') return user
      const name = `${file.fingerprint} ${userSubject(user)}`
      await deleted.put({ name, until: clock() + limits.window })
      return user
    },
    async judgeAbuse(user): Promise<AbuseFinding | undefined> {
      if (effect === 'off') return undefined
      const subject = userSubject(user)
      const key = subjectKey(subject)
      const known = await found.all()
      if (known.some((each) => each.pattern === PATTERN && subjectKey(each.subject) === key)) {
        return undefined
      }
      const files = { deleted: await deletedOf(key), standing: await standingOf(key) }
      if (!areDeletedForAbuse(files, limits)) return undefined
      const at = clock()
      await found.put([{ pattern: PATTERN, subject, at, until: at + duration }])
      const threat = { pattern: PATTERN, effect, user, count: files.deleted, duration } as const
      events.threatFound(threat)
      return { ...threat, subject }
    },
    async list(): Promise<readonly StoredFinding[]> {
      return (await found.all()).map((each) => ({
        ...each,
        effect: effectOf.get(each.pattern) ?? 'off',
      }))
    },
    async lift(named): Promise<readonly Finding[]> {
      const key = subjectKey(named)
      const held = (await found.all()).filter(({ subject }) => subjectKey(subject) === key)
      const at = clock()
      for (const finding of held) {
        await found.end({ ...finding, at, until: at + duration })
        lifted(finding)
      }
      return held
    },
  }
}

/** Whose file was removed, in the name that stands for it. */
function ownerIn(name: string): string {
  return name.slice(name.indexOf(' ') + 1)
}

/** The user of a file, by whatever name. */
function keyOf(file: SlotRecord): string | undefined {
  const user = userOf(file)
  return user === undefined ? undefined : subjectKey(userSubject(user))
}
