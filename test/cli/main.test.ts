import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { COMMANDS } from '../../src/cli/main.ts'
import { runCli } from './cli-run.ts'

test('the program and every command explain themselves', async () => {
  const { code, out } = await runCli(['--help'], '/')
  assert.equal(code, 0)
  assert.ok(COMMANDS.length >= 5)
  for (const { name, summary } of COMMANDS) {
    assert.ok(out.includes(summary), name)
    const help = await runCli([name, '--help'], '/')
    assert.equal(help.code, 0)
    assert.match(help.out, new RegExp(`Usage: hmac-file-server ${name} `, 'u'))
  }
})

test('a wrong command line is exit code 2 with the way out', async () => {
  assert.equal((await runCli([], '/')).code, 2)
  const command = await runCli(['chek'], '/')
  assert.equal(command.code, 2)
  assert.match(command.err, /Did you mean "check"/u)
  const flag = await runCli(['check', '--jsn'], '/')
  assert.equal(flag.code, 2)
  assert.match(flag.err, /--jsn.*\nSee: hmac-file-server check --help/u)
  assert.equal((await runCli(['version', 'now'], '/')).code, 2)
})

test('colours appear on a terminal only, and not if NO_COLOR is set', async () => {
  const escape = '\u001B['
  assert.ok(!(await runCli(['chek'], '/')).err.includes(escape))
  assert.ok((await runCli(['chek'], '/', { isTerminal: true })).err.includes(escape))
  const env = { NO_COLOR: '1' }
  assert.ok(!(await runCli(['chek'], '/', { isTerminal: true, env })).err.includes(escape))
})

test('version is the one of the package, also as JSON', async () => {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  const [, version = ''] = /"version": "([^"]+)"/u.exec(manifest) ?? []
  assert.ok(
    (await runCli(['version'], '/')).out.startsWith(`hmac-file-server ${version} (Node.js `),
  )
  const facts: unknown = JSON.parse((await runCli(['version', '--json'], '/')).out)
  assert.ok(typeof facts === 'object' && facts !== null && 'version' in facts && 'node' in facts)
  assert.deepEqual([facts.version, facts.node], [version, process.versions.node])
})
