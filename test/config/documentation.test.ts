import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { errorsPage, optionsPage } from '../../scripts/generate-docs.ts'
import { performancePage } from '../../scripts/performance-page.ts'
import { OPTION_ENTRIES } from '../../src/config/options.ts'
import { REFUSALS } from '../../src/core/refusals.ts'

async function page(name: string): Promise<string> {
  return await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
}

test('docs/options.md is what the option table says; npm run docs renews it', async () => {
  assert.equal(await page('options.md'), optionsPage())
  for (const { variable } of OPTION_ENTRIES) assert.ok(optionsPage().includes(`\`${variable}\``))
})

test('docs/errors.md is what the refusal table says; npm run docs renews it', async () => {
  assert.equal(await page('errors.md'), errorsPage())
  for (const code of Object.keys(REFUSALS))
    assert.ok(errorsPage().includes(`| \`${code}\` |`), code)
})

test('every figure of docs/performance.md is that of the results; npm run docs renews it', async () => {
  const text = await page('performance.md')
  assert.ok(text.match(/<!-- figures: /gu)?.length === 12, 'sections with figures were found')
  assert.equal(text, performancePage(text))
})
