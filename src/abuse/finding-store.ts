import type { Finding, Named } from './finding-table.ts'
import type { MarkStore } from './ports.ts'
import { subjectKey } from './subject.ts'

/** Where all processes that share the state have their findings. Rejects with `Refusal('state-unavailable')`. */
export interface FindingStore {
  /** Stores findings, but for those that were ended since they were found. */
  put(findings: readonly Finding[]): Promise<void>
  /**
   * Ends a finding; `until` is when one would end that is found now: others that were found before, and are not stored
   * yet, never will be. Resolves to whether it was stored.
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
  return {
    async put(findings): Promise<void> {
      if (findings.length === 0) return
      for (const finding of findings) {
        await listOf(finding).put({ name: finding.subject, until: finding.until })
      }
      // Asked afterwards: whoever ends one in between takes it out after noting that it is ended.
      const ends = new Map((await ended.all()).map(({ name, until }) => [name, until]))
      for (const finding of findings) {
        const isEnded = finding.until <= (ends.get(nameOf(finding)) ?? 0)
        if (isEnded) await listOf(finding).remove(finding.subject)
      }
    },
    async end(finding): Promise<boolean> {
      await ended.put({ name: nameOf(finding), until: finding.until })
      return await listOf(finding).remove(finding.subject)
    },
    async all(): Promise<readonly Finding[]> {
      const lists = await Promise.all(
        [...found].map(async ([pattern, list]) =>
          (await list.all()).map(({ name: subject, until }) => ({ pattern, subject, until })),
        ),
      )
      return lists.flat().toSorted((one, other) => other.until - one.until)
    },
  }
}

function nameOf({ pattern, subject }: Named): string {
  return `${pattern} ${subjectKey(subject)}`
}
