import { constants } from 'node:fs'
import { type FileHandle, link, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import { makeFolder, syncFolder } from '../core/folder.ts'
import { OperatorError } from '../core/operator-error.ts'
import { randomId } from '../core/random.ts'
import { type KeyEntries, entryLine, freshEntry, parseEntry } from './key-entry.ts'

/** Far more than a file of keys ever has. */
const MOST_BYTES = 64 * 1024

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077

/** The keys in the file; nothing if there is none. Throws an `OperatorError` if it can't be used. */
export async function readKeyFile(file: string): Promise<KeyEntries | undefined> {
  return await usable(file, async () => {
    const text = await textOf(file)
    return text === undefined ? undefined : entriesOf(text, file)
  })
}

/** As {@link readKeyFile}; made with one key if there is none. */
export async function readOrMakeKeyFile(file: string, clock: Clock): Promise<KeyEntries> {
  return await usable(file, async () =>
    entriesOf((await textOf(file)) ?? (await madeText(file, clock)), file),
  )
}

/**
 * Puts these keys into the place of those in the file, on stable storage: whoever reads it, or comes back after
 * a crash, finds the old ones or the new ones. Mode and owner stay. Throws an `OperatorError` if that cannot be done.
 */
export async function replaceKeyFile(file: string, entries: KeyEntries): Promise<void> {
  await usable(file, async () => {
    // Behind a link: it is to lead to the new keys.
    const place = await realpath(file)
    const draft = draftOf(place)
    try {
      await writeDurably(draft, entries.toReversed().map(entryLine).join(''), await stat(place))
      await rename(draft, place)
    } finally {
      await rm(draft, { force: true })
    }
    await syncFolder(dirname(place))
  })
}

/** A name beside the file that nobody else uses. */
function draftOf(file: string): string {
  return `${file}.${randomId(6)}`
}

async function usable<T>(file: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    throw new OperatorError(`The master key file ${file} cannot be used`, cause)
  }
}

/** Nothing if there is no file. */
async function textOf(file: string): Promise<string | undefined> {
  await using handle = await openedForReading(file)
  if (handle === undefined) return undefined
  const { mode, size } = await handle.stat()
  if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > MOST_BYTES) {
    throw damaged(file, 'it is no file of keys')
  }
  if ((mode & OTHERS) !== 0) {
    throw new OperatorError(
      `The master key file ${file} is open to other users than its owner; close it with: chmod 600 ${file}`,
    )
  }
  return await handle.readFile('utf8')
}

async function openedForReading(file: string): Promise<FileHandle | undefined> {
  try {
    // A pipe would keep the start waiting.
    return await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Makes the file, unless another process did meanwhile; the text that stands in it then. */
async function madeText(file: string, clock: Clock): Promise<string> {
  makeFolder(dirname(file), 0o700)
  const draft = draftOf(file)
  try {
    await writeDurably(draft, entryLine(freshEntry(clock())))
    await linkUnlessThere(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(dirname(file))
  const text = await textOf(file)
  if (text === undefined) throw new Error('it was removed while it was made')
  return text
}

/** Who is to have a file. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Writes a file that nobody but its owner can read. */
async function writeDurably(file: string, text: string, owner?: Owner): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  if (owner !== undefined) await give(handle, owner)
  await handle.writeFile(text)
  await handle.sync()
}

/** A command that is run as root must not take the file from the user of the server. */
async function give(handle: FileHandle, { uid, gid }: Owner): Promise<void> {
  const own = await handle.stat()
  if (own.uid !== uid || own.gid !== gid) await handle.chown(uid, gid)
}

/** A link appears with its whole text, and only one of several. */
async function linkUnlessThere(draft: string, file: string): Promise<void> {
  try {
    await link(draft, file)
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error
  }
}

function entriesOf(text: string, file: string): KeyEntries {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const entries = lines.map((line, at) => {
    const entry = parseEntry(line)
    if (entry === undefined) throw damaged(file, `line ${at + 1} is no key`)
    return entry
  })
  if (new Set(entries.map(({ kid }) => kid)).size < entries.length) {
    throw damaged(file, 'two keys have the same kid')
  }
  const [newest, ...older] = entries.toReversed()
  if (newest === undefined) throw damaged(file, 'there is no key in it')
  return [newest, ...older]
}

function damaged(file: string, why: string): OperatorError {
  return new OperatorError(
    `The master key file ${file} cannot be used: ${why}. ` +
      'Put a copy of it back, or remove it: then a new key is made, and all bound sessions end',
  )
}
