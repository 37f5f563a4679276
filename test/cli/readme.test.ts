import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { COMMANDS } from '../../src/cli/main.ts'
import { OPTION_ENTRIES } from '../../src/config/options.ts'
import { REFUSALS } from '../../src/core/refusals.ts'
import { runCli, temporaryFolder } from './cli-run.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** What stands in the README where `init` prints the secret. */
const SECRET_SHOWN = 'the content of the file secret'

/** A heading of `init`'s output, and its text up to the next heading. */
const SNIPPET = /^── (?<title>.+?): .*\n\n(?<text>[^]*?\n)\n(?=\n|── |Phones)/gmu

/** The code blocks of the README without their fences. */
function codeBlocks(): string[] {
  return [...README.matchAll(/^```\w+\n([^]*?)^```$/gmu)].map(([, text = '']) => text)
}

test('the README quotes every snippet as init prints it for upload.example.org', async (t) => {
  const cwd = await temporaryFolder(t)
  const site = [
    '--public-url',
    'https://upload.example.org/',
    '--data',
    '/var/lib/hmac-file-server',
  ]
  const { code, out, err } = await runCli(['init', ...site], cwd)
  assert.equal(code, 0, err)
  const secret = (await readFile(join(cwd, 'secret'), 'utf8')).trim()
  const printed = [...out.replaceAll(secret, SECRET_SHOWN).matchAll(SNIPPET)]
  assert.equal(printed.length, 7, out)
  const quoted = codeBlocks()
  for (const { groups: { title = '', text = '' } = {} } of printed) {
    assert.ok(quoted.includes(text), `the README should quote ${title}:\n${text}`)
  }
})

test('the README has every command, and no other', () => {
  const named = [...README.matchAll(/npx hmac-file-server (\w+)/gu)].map(([, name = '']) => name)
  const table = README.split('## Command line')[1]?.split('\n## ')[0] ?? ''
  for (const { name } of COMMANDS) assert.match(table, new RegExp(`\`${name}\\b`, 'u'))
  assert.ok(named.length > 5)
  const known = new Set(COMMANDS.map(({ name }) => name))
  assert.deepEqual(
    named.filter((name) => !known.has(name)),
    [],
  )
})

test('every option that the README names exists', () => {
  const sections = new Set(OPTION_ENTRIES.map(({ section }) => section))
  const named = [...README.matchAll(/`(\w+)\.(\w+)/gu)].filter(([, section = '']) =>
    [...sections].some((known) => known === section),
  )
  assert.ok(named.length > 20, `only ${named.length} options were found`)
  const known = new Set<string>(OPTION_ENTRIES.map(({ name }) => name))
  const unknown = named
    .map(([, section, key]) => `${section}.${key}`)
    .filter((name) => !known.has(name))
  assert.deepEqual(unknown, [])
})

test('every refusal in the table of troubles has the status that is told', () => {
  const rows = [...README.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gmu)]
  assert.ok(rows.length > 10, `only ${rows.length} rows were found`)
  const statuses = new Map<string, number>(
    Object.entries(REFUSALS).map(([code, { status }]) => [code, status]),
  )
  for (const [, code = '', status] of rows) assert.equal(statuses.get(code), Number(status), code)
})

const PROGRAM = fileURLToPath(new URL('../../bin/hmac-file-server.js', import.meta.url))

test('the commands of the README back up, twice, and restore', async (t) => {
  const cwd = await temporaryFolder(t)
  const [etc, data, kept] = [join(cwd, 'etc'), join(cwd, 'var'), join(cwd, 'backup')]
  for (const folder of [etc, kept]) await mkdir(folder)
  const config = join(etc, 'config.toml')
  const url = ['--public-url', 'https://upload.example.org/']
  assert.equal((await runCli(['init', ...url, '--output', config, '--data', data], cwd)).code, 0)
  const ports = ['--set', 'server.listen=127.0.0.1:0', '--set', 'admin.listen=']
  assert.equal((await runCli(['serve', '--config', config, ...ports], cwd)).code, 0)
  const run = async (needle: string): Promise<void> => {
    const block = codeBlocks().find((text) => text.includes(needle)) ?? assert.fail(needle)
    const script = block
      .replaceAll('npx hmac-file-server', `"${process.execPath}" "${PROGRAM}"`)
      .replaceAll('/etc/hmac-file-server', etc)
      .replaceAll('/var/lib/hmac-file-server', data)
      .replaceAll('/backup/hmac-file-server', join(kept, 'last'))
      // For root, on a machine with the service.
      .replaceAll(/^(?:systemctl|chown) .*$/gmu, '')
    await promisify(execFile)('sh', ['-euc', script])
  }
  await run('hmac-file-server backup')
  await run('hmac-file-server backup')
  assert.deepEqual((await readdir(join(kept, 'last'))).toSorted(), [
    'config.toml',
    'files',
    'master.key',
    'secret',
    'state.db',
  ])
  await run('systemctl stop')
  assert.deepEqual((await readdir(data)).toSorted(), [
    'audit.jsonl',
    'files',
    'master.key',
    'state.db',
  ])
  assert.equal((await runCli(['files', 'list', '--config', config], cwd)).code, 0)
})
