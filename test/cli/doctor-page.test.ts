import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { CHECKS } from '../../src/cli/doctor/checks.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/doctor.md'), 'utf8')

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
