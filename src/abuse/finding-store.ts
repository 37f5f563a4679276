import type { Instant } from '../core/clock.ts'
import type { Finding, Named } from './finding-table.ts'
import type { Mark, MarkStore } from './ports.ts'
import { subjectKey } from './subject.ts'

/** Where all processes that share the state have their findings. Rejects with `Refusal('state-unavailable')`. */
export interface FindingStore {
  /** Stores findings, but for those that were ended since they were found. */
  put(findings: readonly Finding[]): Promise<void>
  /**
   * Ends a finding, and any other of the same that was made by its `at`, stored or not; it is remembered until its `until`
   * that it was ended. Resolves to whether one was stored.
   */
  end(finding: Finding): Promise<boolean>
  /** What holds. */
  all(): Promise<readonly Finding[]>
}

/** What the findings are stored in. */
export interface FindingLists {
  /** A list for each pattern, so that many findings of one push out none of another. */
  readonly found: ReadonlyMap<string, MarkStore>
  /** What was ended, for as long as it might be told late. */
  readonly ended: MarkStore
}

export function findingStore({ found, ended }: FindingLists): FindingStore {
  const listOf = ({ pattern }: Named): MarkStore => {
    const list = found.get(pattern)
    if (list === undefined) throw new TypeError(`No list of ${pattern}`)
    return list
  }

  /** Takes out what is stored of the same, by whatever name and time; but for `kept`. Resolves to whether there was any. */
  async function remove(named: Named, kept?: string): Promise<boolean> {
    const list = listOf(named)
    const key = subjectKey(named.subject)
    let isRemoved = false
    for (const { name } of await list.all()) {
      const isSame = name !== kept && subjectKey(splitName(name).text) === key
      if (isSame && (await list.remove(name))) isRemoved = true
    }
    return isRemoved
  }

  return {
    async put(findings): Promise<void> {
      if (findings.length === 0) return
      for (const finding of findings) {
        const name = timedName(finding.subject, finding.at)
        await listOf(finding).put({ name, until: finding.until })
        await remove(finding, name)
      }
      // Asked afterwards: whoever ends one in between takes it out after noting that it is ended.
      const ends = endsIn(await ended.all())
      for (const finding of findings) {
        if (finding.at <= (ends.get(nameOf(finding)) ?? -Infinity)) await remove(finding)
      }
    },
    async end(finding): Promise<boolean> {
      await ended.put({ name: timedName(nameOf(finding), finding.at), until: finding.until })
      return await remove(finding)
    },
    async all(): Promise<readonly Finding[]> {
      const lists = await Promise.all(
        [...found].map(async ([pattern, list]) =>
          (await list.all()).map(({ name, until }) => {
            const { text: subject, at } = splitName(name)
            return { pattern, subject, at, until }
          }),
        ),
      )
      return lists.flat().toSorted((one, other) => other.until - one.until)
    },
  }
}

/** When what was last ended, by its name. */
function endsIn(marks: readonly Mark[]): ReadonlyMap<string, Instant> {
  const ends = new Map<string, Instant>()
  for (const { name } of marks) {
    const { text, at } = splitName(name)
    ends.set(text, Math.max(at, ends.get(text) ?? -Infinity))
  }
  return ends
}

function nameOf({ pattern, subject }: Named): string {
  return `${pattern} ${subjectKey(subject)}`
}

/** A mark has a name and an end: what else is to be known of it stands in its name. */
function timedName(text: string, at: Instant): string {
  return `${text} ${at}`
}

function splitName(name: string): { readonly text: string; readonly at: Instant } {
  const space = name.lastIndexOf(' ')
  return { text: name.slice(0, space), at: Number(name.slice(space + 1)) }
}
