/** The page about the client for JavaScript: its programs print what it says they print, against a server of ours. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { expectVersion } from '../../src/client/node/needed-version.ts'
import { proxiedSite } from '../app/proxied-site.ts'
import { temporaryFolder } from '../app/site.ts'
import { contentOf } from '../app/visits.ts'
import { allShown, pageOf, printed, slotFor, unpackGuide } from './guide.ts'

const PAGE = pageOf('sdk.md')

function source(path: string): URL {
  return new URL(`../../src/client/${path}`, import.meta.url)
}

/** Makes the client of this checkout the package that programs of the folder import. */
async function installClient(folder: string): Promise<void> {
  const home = join(folder, 'node_modules/hmac-file-server')
  await mkdir(home, { recursive: true })
  const manifest = { type: 'module', exports: { './client': './client.js' } }
  await writeFile(join(home, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(home, 'client.js'), `export * from '${source('node/main.ts').href}'`)
}

for (const { commands, prints } of allShown(PAGE)) {
  test(`this prints what the page says: ${commands.trim().replaceAll('\n', '; ')}`, async (t) => {
    await using folder = await temporaryFolder()
    const photo = await unpackGuide(folder.path, PAGE)
    await installClient(folder.path)
    await using both = await proxiedSite([])
    const slot = slotFor(photo, both.proxy.port)
    const fresh = slotFor(photo, both.proxy.port)
    const variables = { SLOT: slot.url, NEW_SLOT: fresh.url }
    const run = { folder: folder.path, variables, signal: t.signal }
    assert.equal(await printed(commands, run), prints)
    const { path } = commands.includes('$NEW_SLOT') ? fresh : slot
    assert.ok(photo.equals(await contentOf(both.site, path)))
  })
}

/** What a type of codes consists of. */
function codesOf(path: string): readonly string[] {
  const lines = readFileSync(source(path), 'utf8').matchAll(/^ {2}\| '([a-z-]+)'$/gmu)
  const codes = Array.from(lines, ([, code = '']) => code)
  assert.ok(codes.length > 4, `only ${codes.length} codes were found`)
  return codes
}

test('the page tells of each code that an upload can end with, and of no other', () => {
  const known = codesOf('upload-error.ts')
  const told = Array.from(PAGE.matchAll(/^\| `([a-z-]+)` \|/gmu), ([, code = '']) => code)
  assert.deepEqual(told.toSorted(), known.toSorted())
})

test('the page tells of each code of a slot that is not to be had', () => {
  for (const code of codesOf('xmpp/slot-error.ts')) assert.ok(PAGE.includes(`\`${code}\``), code)
})

test('the page names the oldest Node.js that the client takes', () => {
  const [, major = 0, minor = 0] = /Node\.js (\d+)\.(\d+) or later/u.exec(PAGE) ?? []
  expectVersion(`${major}.${minor}.0`)
  assert.throws(() => expectVersion(`${major}.${Number(minor) - 1}.99`))
})
