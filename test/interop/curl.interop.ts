/** curl goes on with an upload that it was interrupted in, by `-C`. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { startFileServer } from './file-server.ts'
import { get } from './http-client.ts'
import { startProgram } from './running-program.ts'
import { sampleFile } from './sample-file.ts'
import { signedUrl } from './signed-url.ts'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)
const SIZE = 20_000_000

/** What the server answers to the question how much it has. */
async function storedOf(url: string): Promise<{ status: number; offset: number }> {
  const range = `Content-Range: bytes */${SIZE}`
  const { stdout } = await run('curl', ['-si', '-X', 'PUT', '-H', range, url])
  const [, status] = /^HTTP\/1\.1 (\d+)/u.exec(stdout) ?? []
  const [, offset] = /^upload-offset: (\d+)/imu.exec(stdout) ?? []
  return { status: Number(status), offset: Number(offset) }
}

/** Starts to send a file, and ends curl when some of it is stored in the folder. */
async function interrupted(file: string, url: string, parts: string): Promise<void> {
  await using _curl = startProgram('curl', ['-sS', '--limit-rate', '5M', '-T', file, url])
  await eventually('some bytes are stored', async () => {
    const names = await readdir(parts, { recursive: true })
    const found = await Promise.all(names.map(async (name) => await stat(join(parts, name))))
    return found.some(({ size }) => size > 3_000_000) ? true : undefined
  })
}

/** The status that curl reports for the rest of a file. */
async function rest(file: string, url: string, offset: number): Promise<string> {
  const args = ['-sS', '-o', '/dev/null', '-w', '%{http_code}', '-C', String(offset), '-T', file]
  const { stdout } = await run('curl', [...args, url])
  return stdout
}

test('curl -C sends the rest of a file, and the reader gets the whole', async () => {
  await using folder = await tempFolder('curl')
  await using server = await startFileServer()
  const file = await sampleFile(folder.path, 'large.bin', SIZE)
  const url = signedUrl(server, 'curl/large.bin', SIZE)
  await interrupted(file.path, url, join(server.folder, 'files', 'parts'))
  const { status, offset } = await storedOf(url)
  assert.equal(status, 308)
  assert.ok(offset > 3_000_000 && offset < SIZE, String(offset))
  assert.equal(await rest(file.path, url, offset - 1), '409')
  assert.equal(await rest(file.path, url, offset), '201')
  assert.equal((await get(url)).sha256, file.sha256)
  assert.equal(await rest(file.path, url, offset), '201', 'the answer may have been lost')
})
