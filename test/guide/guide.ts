import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { Scheme } from '../../src/core/grant.ts'
import { signedPut } from '../app/slots.ts'

/** A page of `docs/`. */
export function pageOf(name: string): string {
  return readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
}

const GUIDE = pageOf('clients.md')

/** Size of the photo that the guide sends. */
export const PHOTO_SIZE = 300_000

/** More bytes than the heads of all requests for one upload have. */
export const HEADS = 20_000

/** Commands, and what they print. */
interface Shown {
  readonly commands: string
  readonly prints: string
}

/** The commands of the guide that hold such a text, with what the guide says that they print. */
export function shownWith(needle: string): Shown {
  const [found, ...more] = allShown().filter(({ commands }) => commands.includes(needle))
  assert.ok(found !== undefined && more.length === 0, `${needle} should be there once`)
  return found
}

/** All commands of a page. Fails if one of them is not followed by what it prints. */
export function allShown(page = GUIDE): Shown[] {
  const shown = [...page.matchAll(/^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```$)?/gmu)]
  return shown.map(([, commands = '', prints]) => {
    assert.ok(prints !== undefined, `what do these print?\n${commands}`)
    return { commands, prints }
  })
}

/** Writes the programs of a page, and a photo, into a folder; returns the photo. */
export async function unpackGuide(folder: string, page = GUIDE): Promise<Buffer> {
  const programs = [...page.matchAll(/^```js\n\/\/ (\S+)\n([^]*?)^```$/gmu)]
  assert.ok(programs.length >= 5, `only ${programs.length} programs were found`)
  for (const [, name = '', text = ''] of programs) await writeFile(join(folder, name), text)
  const photo = randomBytes(PHOTO_SIZE)
  await writeFile(join(folder, 'photo.jpg'), photo)
  return photo
}

export interface Run {
  readonly folder: string
  /** Variables that the commands use. */
  readonly variables: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Runs commands; resolves to what they print. Rejects when one of them fails. */
export async function printed(
  commands: string,
  { folder, variables, signal }: Run,
): Promise<string> {
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`
  const { stdout } = await promisify(execFile)('sh', ['-euc', commands], {
    cwd: folder,
    env: { PATH: path, ...variables },
    signal,
  })
  return stdout
}

interface Slot {
  readonly path: string
  readonly url: string
}

/** A user as ejabberd writes them into paths: slots of `v1` name nobody otherwise. */
const USER = '3b0c7ac1d9ee1f0a5a4b2d8c6e7f90123456789a'

/** A slot for the photo of the guide. */
export function slotFor(photo: Buffer, port: number, scheme: Scheme = 'v1'): Slot {
  const folder = scheme === 'v1' ? USER : 'slots'
  const path = `${folder}/${randomBytes(12).toString('hex')}/photo.jpg`
  const { target } = signedPut(path, photo, { scheme, contentType: 'image/jpeg' })
  return { path, url: `http://127.0.0.1:${port}${target}` }
}
