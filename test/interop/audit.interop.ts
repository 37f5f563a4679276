/** The audit trail of a server of two processes under load is proved: while it runs, after a log rotation, and when it is killed. */
import assert from 'node:assert/strict'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Outcome } from '../cli/cli-run.ts'
import { runCommand } from './command-run.ts'
import { eventually } from './eventually.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { put } from './http-client.ts'
import { signedUrl } from './signed-url.ts'

const CLIENTS = 6

/** Uploads small files, one after the other, until the server is gone; resolves to how many it acknowledged. */
async function uploadAll(server: FileServer, client: number): Promise<number> {
  let acknowledged = 0
  for (;;) {
    const body = Buffer.from(`${client} ${acknowledged}`)
    const url = signedUrl(server, `audit/${client}-${acknowledged}.txt`, body.length)
    const answer = await put(url, body).catch(() => undefined)
    if (answer?.status !== 201) return acknowledged
    acknowledged += 1
  }
}

async function verify({ folder }: FileServer): Promise<Outcome> {
  const argv = ['audit', 'verify', '--config', 'config.toml']
  return await runCommand(argv, { cwd: folder, env: {} })
}

async function linesIn(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(0, -1)
}

test('two processes under load, a log rotation, kill -9: all that was acknowledged is proved, and a line less is not', async () => {
  const server = { workers: 2 }
  await using running = await startFileServer({ config: { server } })
  const file = join(running.folder, 'audit.jsonl')
  const clients = Array.from(
    { length: CLIENTS },
    async (_, client) => await uploadAll(running, client),
  )
  await eventually('lines are written', async () => (await linesIn(file)).length > 200 || undefined)
  const meanwhile = await verify(running)
  assert.deepEqual([meanwhile.code, meanwhile.err], [0, ''], meanwhile.out)

  await rename(file, `${file}.1`)
  running.program.signal('SIGHUP')
  await eventually('they go on', async () => (await linesIn(file)).length > 200 || undefined)
  running.program.signal('SIGKILL')
  const acknowledged = (await Promise.all(clients)).reduce((sum, one) => sum + one, 0)
  await running.program.ended

  const { code, out } = await verify(running)
  assert.equal(code, 0, out)
  assert.match(out, /^OK: \d+ lines in 2 files, \d chains?/u)
  const lines = [...(await linesIn(`${file}.1`)), ...(await linesIn(file))]
  const published = lines.filter((line) => line.includes('"event":"published"')).length
  assert.ok(published >= acknowledged, `${published} of ${acknowledged} published files`)

  const last = await linesIn(file)
  await writeFile(
    file,
    last
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join(''),
  )
  const cut = await verify(running)
  assert.equal(cut.code, 1)
  assert.match(cut.out, /^truncated \S+audit\.jsonl:\d+: line \d+ of its chain is missing at its end/u)
})
