import {
  closeSync,
  fchownSync,
  fstatSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import { makeFolder } from '../core/folder.ts'
import { openPlainFileNow } from './plain-file.ts'

/** How far a chain got. */
export interface Head {
  readonly chain: string
  /** Number of its last line; 0: it has none yet. */
  readonly n: number
  /** The part of that line's seal that does not stand in it. */
  readonly kept: string
}

/** The file that tells how far one chain got, written after its lines. */
export interface HeadFile extends Disposable {
  /** Throws the error of the system. */
  write(n: number, kept: string): void
}

const N_DIGITS = 15
const NOTHING_KEPT = '-'.repeat(21)
const FORM = /^(?<n>\d{15}) (?<kept>[\w-]{21})\n$/u
const CHAIN = /^[\w-]{12}$/u

/** The folder with the heads of an audit file's chains. */
export function headsOf(file: string): string {
  return `${file}.heads`
}

/**
 * Makes the head of a chain that is about to begin, so that none is ever without. Throws the error of
 * the system.
 */
export function makeHead(file: string, chain: string): HeadFile {
  makeFolder(headsOf(file), 0o700)
  const fd = openSync(join(headsOf(file), chain), 'wx', 0o600)
  const write = (n: number, kept: string): void => {
    // Always as long, so that a process that is killed leaves the old one or the new one.
    writeSync(fd, `${String(n).padStart(N_DIGITS, '0')} ${kept}\n`, 0)
  }
  try {
    // A command that is run as root must not keep it from the server.
    const { uid, gid } = statSync(headsOf(file))
    if (fstatSync(fd).uid !== uid) fchownSync(fd, uid, gid)
    write(0, NOTHING_KEPT)
  } catch (error) {
    closeSync(fd)
    dropHead(file, chain)
    throw error
  }
  return { write, [Symbol.dispose]: () => closeSync(fd) }
}

/** Told of a head that the system does not let us read, and why. */
export type OnUnread = (
  head: { readonly path: string; readonly chain: string },
  error: Error,
) => void

/**
 * The heads of an audit file's chains, the one that was written to last first, without those that cannot be read.
 * Throws the error of the system if their folder cannot be read.
 */
export function readHeads(file: string, onUnread: OnUnread): readonly Head[] {
  const names = namesIn(headsOf(file)).filter((name) => CHAIN.test(name))
  return names
    .flatMap((chain) => readHead({ file, chain }, onUnread) ?? [])
    .toSorted((a, b) => b.at - a.at)
}

/** The head of one chain; nothing if it has none, or one that cannot be read. */
export function readHeadOf(file: string, chain: string, onUnread: OnUnread): Head | undefined {
  return readHead({ file, chain }, onUnread)
}

/** Removes the head of a chain whose lines are removed. */
export function dropHead(file: string, chain: string): void {
  rmSync(join(headsOf(file), chain), { force: true })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

interface DatedHead extends Head {
  /** When it was written to last, in milliseconds since 1970. */
  readonly at: number
}

function readHead(
  { file, chain }: { readonly file: string; readonly chain: string },
  onUnread: OnUnread,
): DatedHead | undefined {
  const path = join(headsOf(file), chain)
  try {
    return headIn(path, chain)
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) === undefined) throw error
    // Its lines may be removed meanwhile, being old.
    if (errorCode(error) !== 'ENOENT') onUnread({ path, chain }, error)
    return undefined
  }
}

/** One that is damaged says that its chain has more lines than it can have. */
function headIn(path: string, chain: string): DatedHead | undefined {
  const fd = openPlainFileNow(path)
  try {
    const text = readFileSync(fd, 'latin1')
    // A process that is killed may leave it so before its first line.
    if (text === '') return undefined
    const { n, kept } = FORM.exec(text)?.groups ?? {}
    const at = fstatSync(fd).mtimeMs
    if (n === undefined || kept === undefined) return { chain, n: Infinity, kept: '', at }
    return { chain, n: Number(n), kept, at }
  } finally {
    closeSync(fd)
  }
}
