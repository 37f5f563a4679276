import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { CHECKS } from '../../src/cli/doctor/checks.ts'
import type { Result } from '../../src/cli/doctor/examination.ts'
import { type Finding, failed, skipped } from '../../src/cli/doctor/finding.ts'
import { reportJson } from '../../src/cli/doctor/report.ts'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = readFileSync(join(ROOT, 'docs/doctor.md'), 'utf8')

/** The table of all checks: name, what people notice, what helps. */
const rows = (PAGE.split('\n## The checks\n')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', symptom = '', remedy = '']) => ({ name, symptom, remedy }))

/** The sections about checks: name and text. */
const sections = PAGE.split(/^### /mu)
  .slice(1)
  .map((part) => part.split('\n\n', 2))

test('docs/doctor.md has a section for each check, in the order in which they run', () => {
  const names = sections.map(([name]) => name)
  assert.deepEqual(
    names,
    CHECKS.map(({ name }) => name),
  )
})

test('each section begins with what the check says of itself', () => {
  for (const { name, about } of CHECKS) {
    const [, text = ''] = sections.find(([each]) => each === name) ?? []
    const sentence = about.charAt(0).toUpperCase() + about.slice(1)
    assert.ok(text.replaceAll('\n', ' ').startsWith(`${sentence}.`), `${name}: ${sentence}`)
  }
})

test('what a check needs runs before it', () => {
  for (const [at, { name, needs }] of CHECKS.entries()) {
    const before = CHECKS.slice(0, at).map((check) => check.name)
    assert.deepEqual(
      needs.filter((need) => !before.includes(need)),
      [],
      name,
    )
  }
})

test('the table has a row for each check, with what people notice and what helps', () => {
  assert.deepEqual(
    rows.map(({ name }) => name),
    CHECKS.map(({ name }) => `\`${name}\``),
  )
  for (const { name, symptom, remedy } of rows) assert.ok(symptom !== '' && remedy !== '', name)
})

test('whatever the table tells to paste is what the doctor tells', () => {
  const files = globSync('src/cli/**/*.ts', { cwd: ROOT })
  const source = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n')
  for (const { name, remedy } of rows) {
    const words = Array.from(remedy.matchAll(/`([^`]+)`/gu), ([, word = '']) => word)
    const untold = words.filter((word) => !source.includes(word))
    assert.deepEqual(untold, [], name)
  }
})

/** A result of the check of that name. */
function result(name: string, finding: Finding): Result {
  const check = CHECKS.find((one) => one.name === name)
  assert.ok(check !== undefined, name)
  return { check, finding }
}

test('the page shows the JSON that the doctor prints, key by key', () => {
  const [, shown = ''] = /```json\n([^]*?)```/u.exec(PAGE) ?? []
  const ranged =
    'bytes 1000–2000 were asked for, the answer is 200 by nginx: the proxy takes Range away'
  const remedy = {
    where: 'nginx, inside location /',
    lines: ['proxy_set_header Range $http_range;'],
  }
  const printed = reportJson(new URL('https://upload.example.org/'), [
    result('range', failed(ranged, remedy)),
    result('streaming', skipped('no slots: --config FILE or --jid ME gives some')),
  ])
  assert.equal(printed, `${JSON.stringify(JSON.parse(shown), null, 2)}\n`)
})
