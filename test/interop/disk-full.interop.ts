/** A disk that is really full: the upload fails with 507, the server and its files do not. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runCommand } from './command-run.ts'
import { eventually } from './eventually.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { answerTo, get, openRequest, put } from './http-client.ts'
import { signedUrl } from './signed-url.ts'
import { type SmallDisk, smallDisk } from './small-disk.ts'

const MIB = 1024 * 1024

describe('storage on a disk of 8 MiB', () => {
  const stack = new AsyncDisposableStack()
  let disk: SmallDisk
  let server: FileServer

  before(async () => {
    disk = stack.use(await smallDisk(8 * MIB))
    const storage = { url: `file:${disk.path}/files`, min_free: '0 B', fsync: 'ack' }
    server = stack.use(await startFileServer({ config: { storage } }))
  })
  after(async () => await stack.disposeAsync())

  async function upload(path: string, body: Uint8Array): Promise<number> {
    return (await put(signedUrl(server, path, body.length), body)).status
  }

  test('an upload that cannot fit is refused with 507', async () => {
    assert.equal(await upload('full/too-large.bin', randomBytes(16 * MIB)), 507)
  })

  test('the disk fills up under a running upload: 507, files stay readable, freed room is used', async () => {
    const early = randomBytes(MIB)
    assert.equal(await upload('full/early.bin', early), 201)

    const body = randomBytes(4 * MIB)
    const url = signedUrl(server, 'full/interrupted.bin', body.length)
    const request = openRequest(url, { method: 'PUT', headers: { 'Content-Length': body.length } })
    request.on('error', () => {})
    request.write(body.subarray(0, MIB))
    await once(request, 'socket')
    {
      await using _ballast = await disk.fill()
      request.end(body.subarray(MIB))
      assert.equal((await answerTo(request)).status, 507)
      // What the failed upload had taken is free again.
      await using _more = await disk.fill()
      assert.equal(await upload('full/meanwhile.bin', randomBytes(MIB)), 507)
      assert.equal((await get(`${server.publicUrl}full/early.bin`)).size, early.length)
    }
    assert.notEqual((await get(`${server.publicUrl}full/interrupted.bin`)).status, 200)
    const later = await eventually('room is given back', async () => {
      const status = await upload('full/interrupted.bin', body)
      return status === 507 ? undefined : status
    })
    assert.equal(later, 201)
    assert.equal((await get(`${server.publicUrl}full/interrupted.bin`)).size, body.length)
  })
})

test('the audit trail is on a full disk: uploads go on, it is loud, and the trail says what it lost', async () => {
  await using disk = await smallDisk(MIB)
  const audit = { file: join(disk.path, 'audit.jsonl') }
  await using server = await startFileServer({ config: { audit } })
  const upload = async (path: string): Promise<void> => {
    const body = randomBytes(16)
    assert.equal((await put(signedUrl(server, path, body.length), body)).status, 201)
  }
  await upload('audit/before.bin')
  {
    await using _ballast = await disk.fill()
    // More than the rest of the page that the last line stands in.
    for (let at = 0; at < 20; at += 1) await upload(`audit/meanwhile-${at}.bin`)
    await server.program.line(/audit lines are lost: the audit file cannot be written/u)
  }
  await upload('audit/after.bin')
  const { code, out } = await runCommand(['audit', 'verify', '--config', 'config.toml'], {
    cwd: server.folder,
    env: {},
  })
  assert.equal(code, 0, out)
  assert.match(out, /\n {2}\d+ lines? lost: the server says itself that it could not write /u)
})
