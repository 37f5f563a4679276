import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/cli/command.ts'
import { subcommandOf } from '../../src/cli/subcommands.ts'
import { runCli, temporaryFolder } from './cli-run.ts'

const DOORS = new Map([
  ['open', 1],
  ['shut', 2],
  ['lock', 3],
])

test('the first argument says what is to be done', () => {
  assert.equal(subcommandOf(DOORS, ['shut', 'open']), 2)
})

test('nothing, and what cannot be done, is answered by all that can be', () => {
  for (const given of [[], [''], ['paint'], ['toString']]) {
    assert.throws(() => subcommandOf(DOORS, given), new UsageError('Say "open", "shut" or "lock"'))
  }
})

test('every command that does several things says which', async (t) => {
  const cwd = await temporaryFolder(t)
  const said = {
    files: 'Say "list", "show" or "delete"',
    keys: 'Say "list", "rotate" or "retire"',
    threats: 'Say "list" or "lift"',
  }
  for (const [name, text] of Object.entries(said)) {
    const { code, err } = await runCli([name, 'constructor'], cwd)
    assert.equal(code, 2, err)
    assert.equal(err.split('\n')[0], `error: ${text}`)
  }
})
