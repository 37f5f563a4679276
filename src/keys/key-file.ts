import { constants } from 'node:fs'
import { type FileHandle, link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import { makeFolder, syncFolder } from '../core/folder.ts'
import { isJsonObject } from '../core/json-object.ts'
import { OperatorError } from '../core/operator-error.ts'
import { randomId } from '../core/random.ts'

/** One master key as it is kept: a line of JSON, the newest line last. */
export interface KeyEntry {
  readonly kid: string
  readonly key: Buffer
  /** RFC 3339. */
  readonly createdAt: string
}

const KEY_BYTES = 32
const KID_BYTES = 6

/** Far more than a file of keys ever has. */
const MOST_BYTES = 64 * 1024

/** Bits of a mode that let anybody but the owner in. */
const OTHERS = 0o077

/** All keys of a file, the newest first. */
export type KeyEntries = readonly [KeyEntry, ...KeyEntry[]]

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
  const draft = `${file}.${randomId(KID_BYTES)}`
  try {
    await writeDurably(draft, freshLine(clock))
    await linkUnlessThere(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
  await syncFolder(dirname(file))
  const text = await textOf(file)
  if (text === undefined) throw new Error('it was removed while it was made')
  return text
}

function freshLine(clock: Clock): string {
  const createdAt = new Date(clock()).toISOString()
  return `${JSON.stringify({ kid: randomId(KID_BYTES), key: randomId(KEY_BYTES), createdAt })}\n`
}

async function writeDurably(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600)
  await handle.writeFile(text)
  await handle.sync()
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
    const entry = entryOf(line)
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

function entryOf(line: string): KeyEntry | undefined {
  const parsed = parsedJson(line)
  if (!isJsonObject(parsed)) return undefined
  const { kid, key, createdAt } = parsed
  if (typeof kid !== 'string' || !/^[\w-]{1,32}$/u.test(kid)) return undefined
  if (typeof key !== 'string' || !/^[\w-]{43}$/u.test(key)) return undefined
  if (typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt))) return undefined
  return { kid, key: Buffer.from(key, 'base64url'), createdAt }
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined // As little a key as any other text.
  }
}

function damaged(file: string, why: string): OperatorError {
  return new OperatorError(
    `The master key file ${file} cannot be used: ${why}. ` +
      'Put a copy of it back, or remove it: then a new key is made, and all bound sessions end',
  )
}
