import { link, open, readdir, rm, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Instant } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import { openTrailFile } from './audit-files.ts'
import { dropHead } from './audit-head.ts'
import { readSealed } from './audit-seal.ts'
import type { AuditTrail } from './audit.ts'

/** How lines of an audit file begin. */
const LINE_BEGIN = /^\{"time":"(?<time>(?<day>\d{4}-\d\d-\d\d)T[\d:.]+Z)"/u

/** What {@link setAside} adds to the file's name: when its first line was written. */
const ASIDE = /^\.\d{4}-\d\d-\d\dT[\d.-]+Z$/u

/**
 * Gives an audit file that has lines of an earlier day (UTC) another name: its own, a dot, and the
 * time of its first line. Whoever has it open goes on there for up to a minute: until then it must
 * not be removed. Resolves to the new name, or to nothing if the file stays.
 */
export async function setAside(file: string, now: Instant): Promise<string | undefined> {
  const { time, day } = LINE_BEGIN.exec(await beginningOf(file))?.groups ?? {}
  if (time === undefined || day === new Date(now).toISOString().slice(0, 10)) return undefined
  const aside = `${file}.${time.replaceAll(':', '-')}`
  // Unlike a renaming it never takes another file's place.
  await link(file, aside)
  await unlink(file)
  return aside
}

/**
 * Removes what {@link setAside} put aside of the file, once its last line is older than `before`, and records
 * which chains that were. Other files beside it, such as those of a log rotation, stay. Resolves to how many it
 * removed.
 */
export async function removeAged(
  file: string,
  before: Instant,
  audit: Pick<AuditTrail, 'record' | 'flush'>,
): Promise<number> {
  const name = basename(file)
  const beside = (await readdir(dirname(file))).filter(
    (other) => other.startsWith(name) && ASIDE.test(other.slice(name.length)),
  )
  let removed = 0
  for (const other of beside) {
    const path = join(dirname(file), other)
    const found = await stat(path)
    if (!found.isFile() || found.mtimeMs >= before) continue
    const chains = await chainsIn(path)
    for (const [of, until] of chains)
      audit.record({ event: 'chain-removed', of, until, file: other })
    // Said before it is done: who finds lines missing finds out why.
    audit.flush()
    await rm(path)
    for (const chain of chains.keys()) dropHead(file, chain)
    removed += 1
  }
  return removed
}

/** The chains of a file, each with the number of its last line. */
async function chainsIn(path: string): Promise<ReadonlyMap<string, number>> {
  const chains = new Map<string, number>()
  await using file = await openTrailFile(path)
  for await (const bytes of file.lines()) {
    const line = readSealed(bytes.toString())
    if (line !== undefined) chains.set(line.chain, Math.max(line.n, chains.get(line.chain) ?? 0))
  }
  return chains
}

/** Enough of the file for the first line's time; nothing if there is no file. */
async function beginningOf(file: string): Promise<string> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ''
    throw error
  }
}
