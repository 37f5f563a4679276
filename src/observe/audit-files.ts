import { type FileHandle, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type Readable, pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { errorCode } from '../core/error-code.ts'
import { openPlainFile } from './plain-file.ts'

/** What an audit file is called after it was put aside, by the server or by a log rotation. */
const ASIDE = /^[.-][\d.T:Z-]*\d[\d.T:Z-]*(?:\.gz)?$/u

const NEWLINE = 0x0a

/** Far longer than a line ever is; what is longer is cut, so that memory has a bound. */
const LONGEST = 1024 * 1024

/** An open file of a trail. */
export interface TrailFile extends AsyncDisposable {
  readonly path: string
  /** When it was written to last, in milliseconds since 1970. */
  readonly at: number
  readonly inode: number
  /** The lines that it had when it was opened, without their newlines; what follows the last newline is one, too. */
  lines(signal?: AbortSignal): AsyncIterable<Buffer>
}

/** Opens a file of a trail, compressed (`.gz`) or not; rejects as {@link openPlainFile} does. */
export async function openTrailFile(path: string): Promise<TrailFile> {
  const handle = await openPlainFile(path)
  const { size, mtimeMs: at, ino: inode } = await handle.stat()
  return {
    path,
    at,
    inode,
    lines: (signal) => linesIn(contentOf(handle, { path, size }), signal),
    [Symbol.asyncDispose]: async () => await handle.close(),
  }
}

/** Told of a file or folder that the system does not let us read, and why. */
export type OnUnopened = (path: string, error: Error) => void

/** Files of a trail; disposing closes them. */
export type OpenTrail = readonly TrailFile[] & AsyncDisposable

/**
 * Opens an audit file with all that was put aside of it, the oldest first. The files that a running server puts
 * aside meanwhile are among them, those that cannot be opened are not.
 */
export async function openTrail(file: string, onUnopened: OnUnopened): Promise<OpenTrail> {
  await using opened = new AsyncDisposableStack()
  const files: TrailFile[] = []
  // First the one that is written to: what its lines tell of the others is there when those are opened.
  for (const path of [file, ...(await asideOf(file))]) {
    // Its lines may be removed meanwhile, being old.
    const found = await openedUnless(path, (_, error) => {
      if (errorCode(error) !== 'ENOENT') onUnopened(path, error)
    })
    if (found === undefined) continue
    opened.use(found)
    if (files.every(({ inode }) => inode !== found.inode)) files.push(found)
  }
  return kept(
    files.toSorted((one, other) => rank(one) - rank(other)),
    opened,
  )

  /** The file that is written to is the newest, whatever the clock says. */
  function rank({ path, at }: TrailFile): number {
    return path === file ? Infinity : at
  }
}

/** Opens files in the order that they are named in, but for those that cannot be opened. */
export async function openTrailFiles(
  paths: readonly string[],
  onUnopened: OnUnopened,
): Promise<OpenTrail> {
  await using opened = new AsyncDisposableStack()
  const files: TrailFile[] = []
  for (const path of paths) {
    const found = await openedUnless(path, onUnopened)
    if (found !== undefined) files.push(opened.use(found))
  }
  return kept(files, opened)
}

function kept(files: readonly TrailFile[], opened: AsyncDisposableStack): OpenTrail {
  const handles = opened.move()
  return Object.assign([...files], {
    [Symbol.asyncDispose]: async () => await handles.disposeAsync(),
  })
}

async function asideOf(file: string): Promise<string[]> {
  const name = basename(file)
  const beside = await readdir(dirname(file))
  return beside
    .filter((other) => other.startsWith(name) && ASIDE.test(other.slice(name.length)))
    .map((other) => join(dirname(file), other))
}

async function openedUnless(path: string, onUnopened: OnUnopened): Promise<TrailFile | undefined> {
  try {
    return await openTrailFile(path)
  } catch (error) {
    if (!(error instanceof Error) || errorCode(error) === undefined) throw error
    onUnopened(path, error)
    return undefined
  }
}

function contentOf(
  handle: FileHandle,
  { path, size }: { path: string; size: number },
): Readable | readonly Buffer[] {
  if (size === 0) return []
  const content = handle.createReadStream({ start: 0, end: size - 1, autoClose: false })
  if (!path.endsWith('.gz')) return content
  // Its callback is there so that errors of the file reach the reader.
  return pipeline(content, createGunzip(), () => undefined)
}

async function* linesIn(
  content: AsyncIterable<unknown> | Iterable<Buffer>,
  signal: AbortSignal | undefined,
): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of content) {
    signal?.throwIfAborted()
    if (!Buffer.isBuffer(chunk)) throw new TypeError('bytes were expected')
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield start === 0 ? Buffer.concat([rest, chunk.subarray(0, end)]) : chunk.subarray(start, end)
      rest = Buffer.alloc(0)
      start = end + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(start)]).subarray(0, LONGEST)
  }
  if (rest.length > 0) yield rest
}
