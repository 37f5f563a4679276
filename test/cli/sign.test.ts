import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import test from 'node:test'
import { runCli, temporaryFolder } from './cli-run.ts'

const SECRET = 'kQ8yVnZ2rT5wX1aB'

const ALL = ['v1', 'v2', 'token', 'v3', 'bearer', 'jwt'].flatMap((scheme) => [
  '--set',
  `grants.${scheme}_secret=${SECRET}`,
])

test('sign prints the URL of each configured scheme, below the public URL', async (t) => {
  const cwd = await temporaryFolder(t)
  const url = ['--set', 'server.public_url=https://example.org/share/']
  const argv = ['sign', '/a b/ü.png', '5 KB', 'image/png', '--user', 'juliet@example.org']
  const { code, out } = await runCli([...argv, ...ALL, ...url], cwd)
  assert.equal(code, 0)
  const mac = createHmac('sha256', SECRET).update('a b/ü.png 5000').digest('hex')
  assert.ok(out.includes(`PUT https://example.org/share/a%20b/%C3%BC.png?v=${mac}\n`), out)
  for (const expected of [/^v2\n.*\?v2=/mu, /^token\n.*\?token=/mu, /^v3\n.*v3=/mu]) {
    assert.match(out, expected)
  }
  assert.match(out, /^jwt\n(?: {2}.*\n)* {2}Authorization: Bearer ey/mu)
  assert.match(out, /^bearer\n(?: {2}.*\n)* {2}Authorization: Bearer /mu)
  assert.match(out, /^ {2}Content-Type: image\/png$/mu)
})

test('a scheme that cannot sign the slot says why, and the others still sign', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, out } = await runCli(['sign', 'a/b', '1', '--json', ...ALL], cwd)
  assert.equal(code, 0)
  assert.match(out, /"scheme": "bearer",\n\s+"problem": /u)
  const alone = ['--set', `grants.bearer_secret=${SECRET}`]
  assert.equal((await runCli(['sign', 'a/b', '1', ...alone], cwd)).code, 1)
})

test('arguments that no slot can have are wrong usage', async (t) => {
  const cwd = await temporaryFolder(t)
  for (const wrong of [
    ['a'],
    ['../a', '1'],
    ['a', 'big'],
    ['a', '1', 'x/y', 'z'],
    ['a', '1', '--expires', '3'],
  ]) {
    assert.equal((await runCli(['sign', ...wrong, ...ALL], cwd)).code, 2, wrong.join(' '))
  }
})

test('without a secret anywhere sign says so', async (t) => {
  const cwd = await temporaryFolder(t)
  const { code, err } = await runCli(['sign', 'a/b', '1'], cwd)
  assert.equal(code, 1)
  assert.match(err, /no secret is set/u)
})
