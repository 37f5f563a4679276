import type { Clock } from '../../core/clock.ts'
import { MOST_MARKS, type MarkStore } from '../../abuse/ports.ts'
import type { SqliteState } from './state.ts'
import { guarded } from './state-errors.ts'

/** A list in an open state file. Trouble with the file is `Refusal('state-unavailable')`. */
export function sqliteMarks(
  { database, writer }: SqliteState,
  { list, clock }: { readonly list: string; readonly clock: Clock },
): MarkStore {
  const put = database.prepare(
    `INSERT INTO marks (list, name, ends_at) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET ends_at = ?3`,
  )
  const removeEnded = database.prepare('DELETE FROM marks WHERE list = ? AND ends_at <= ?')
  const removeSpare = database.prepare(
    `DELETE FROM marks WHERE list = ?1 AND name IN
       (SELECT name FROM marks WHERE list = ?1 ORDER BY ends_at DESC LIMIT -1 OFFSET ?2)`,
  )
  const remove = database.prepare('DELETE FROM marks WHERE list = ? AND name = ?')
  const all = database.prepare(
    `SELECT name, ends_at FROM marks WHERE list = ? AND ends_at > ? ORDER BY ends_at DESC`,
  )
  return {
    put: async ({ name, until }) =>
      await writer.write(() => {
        removeEnded.run(list, clock())
        put.run(list, name, until)
        removeSpare.run(list, MOST_MARKS)
      }),
    remove: async (name) => await writer.write(() => Number(remove.run(list, name).changes) === 1),
    all: async () =>
      guarded(() => all.all(list, clock())).map(({ name, ends_at: until }) => ({
        name: String(name),
        until: Number(until),
      })),
  }
}
