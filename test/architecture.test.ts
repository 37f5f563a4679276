import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import test from 'node:test'

const SRC = join(import.meta.dirname, '..', 'src')

/** The table of docs/architecture.md: what each room may import besides itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  core: ['wire'],
  config: ['core'],
  observe: ['core', '*/events.ts'],
  abuse: ['core'],
  grants: ['core', 'wire'],
  engine: ['core'],
  sessions: ['core'],
  risk: ['core'],
  keys: ['core'],
  proof: ['core', 'wire'],
  stores: ['core', '*/ports.ts', 'engine/slot-record.ts', 'sessions/session-record.ts'],
  blobs: ['core', 'engine/ports.ts'],
  http: ['core', 'wire'],
  gate: ['core', 'wire', 'grants', 'sessions', 'risk', 'proof', 'abuse'],
  protocols: ['core', 'wire', 'http', 'gate', 'engine'],
  admin: ['core', 'wire', 'http', 'observe', '*/ports.ts'],
  client: ['wire'],
  cli: ['core', 'wire', 'config', 'observe', 'grants', 'keys', 'client', 'app'],
  app: ['*'],
}

/** Rooms inside which sibling folders never meet. */
const SEPARATE = ['protocols', 'stores']

interface Import {
  readonly from: string
  readonly to: string
}

const files = globSync('**/*.ts', { cwd: SRC }).map((file) => file.split(sep).join('/'))
const imports = files.flatMap(importsOf)

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(/(?:from|import|import\()\s*'(\.[^']+)'/gu)].map(([, target = '']) => ({
    from: file,
    to: relative(SRC, normalize(join(SRC, dirname(file), target)))
      .split(sep)
      .join('/'),
  }))
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? ''
}

function isAllowed({ from, to }: Import): boolean {
  const [room, target] = [roomOf(from), roomOf(to)]
  if (room === target) return !SEPARATE.includes(room) || isSameFolder(from, to)
  if (from === 'server.ts') return true
  if (target === 'cli') return false
  return (MAY_IMPORT[room] ?? []).some(
    (rule) => rule === '*' || rule === target || rule === to || isPortOf(rule, to),
  )
}

function isSameFolder(from: string, to: string): boolean {
  return from.split('/')[1] === to.split('/')[1]
}

function isPortOf(rule: string, to: string): boolean {
  return rule.startsWith('*/') && to.split('/').length === 2 && to.endsWith(rule.slice(1))
}

test('the table was checked against something', () => {
  assert.ok(imports.length > 20, `only ${imports.length} imports were read`)
})

test('every room has a row, and every row a room', () => {
  const rooms = new Set(files.filter((file) => file.includes('/')).map(roomOf))
  assert.deepEqual([...rooms].toSorted(), Object.keys(MAY_IMPORT).toSorted())
})

test('rooms import only what the table allows', () => {
  const offenders = imports
    .filter((one) => !isAllowed(one))
    .map(({ from, to }) => `${from} → ${to}`)
  assert.deepEqual(offenders, [])
})

test('Node.js stays out of what browsers share', () => {
  const shared = files.filter((file) => /^(?:wire|client)\/(?!node\/)/u.test(file))
  assert.ok(shared.some((file) => roomOf(file) === 'client'))
  const offenders = shared.filter((file) =>
    readFileSync(join(SRC, file), 'utf8').includes("from 'node:"),
  )
  assert.deepEqual(offenders, [])
})

test('docs/architecture.md shows the same table', () => {
  const text = readFileSync(join(SRC, '..', 'docs', 'architecture.md'), 'utf8')
  for (const [room, allowed] of Object.entries(MAY_IMPORT)) {
    const shown = allowed.length === 0 ? '–' : allowed.map((rule) => `\`${rule}\``).join(' ')
    assert.ok(text.includes(`| \`${room}/\` |`), `no row for ${room}/`)
    assert.ok(text.includes(`| ${shown} |\n`), `the row of ${room}/ should say: ${shown}`)
  }
})
