/**
 * What operators are told to do: `backup` beside a busy server, and later its copy in the place of
 * the data. Every file that the state knows is served again, and there are no others.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from './eventually.ts'
import type { FileServer } from './file-server.ts'
import { answerTo, get, openRequest, put } from './http-client.ts'
import { type KeptData, keptData, runCommand } from './kept-data.ts'
import { signedUrl } from './signed-url.ts'
import { tempFolder } from './temp-folder.ts'

const WORKERS = 4
const SIZE = 50_000

/** SHA-256 of what was acknowledged, by path. */
type Acknowledged = Map<string, string>

async function upload(server: FileServer, path: string, into: Acknowledged): Promise<void> {
  const body = randomBytes(SIZE)
  assert.equal((await put(signedUrl(server, path, SIZE), body)).status, 201)
  into.set(path, createHash('sha256').update(body).digest('hex'))
}

async function uploadMany(
  server: FileServer,
  folder: string,
  count: number,
): Promise<Acknowledged> {
  const uploaded: Acknowledged = new Map()
  for (let nth = 0; nth < count; nth += 1) await upload(server, `${folder}/${nth}.bin`, uploaded)
  return uploaded
}

/** Uploads all the time until the signal aborts. */
async function keepUploading(server: FileServer, signal: AbortSignal): Promise<Acknowledged> {
  const uploaded: Acknowledged = new Map()
  const worker = async (id: number): Promise<void> => {
    for (let nth = 0; !signal.aborted; nth += 1) {
      await upload(server, `busy/${id}-${nth}.bin`, uploaded)
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, async (_, id) => await worker(id)))
  return uploaded
}

/** Sends half of an upload and keeps it open; disposing cuts it. */
async function halfUpload(data: KeptData, url: string): Promise<Disposable> {
  const request = openRequest(url, { method: 'PUT', headers: { 'Content-Length': SIZE } })
  answerTo(request).catch(() => undefined)
  request.write(Buffer.alloc(SIZE / 2))
  await eventually('an upload is under way', async () => (await data.names()).parts[0])
  return { [Symbol.dispose]: () => request.destroy() }
}

/** Backs up while files come, go and are on their way; resolves to what came meanwhile. */
async function backUpBusy(
  data: KeptData,
  server: FileServer,
  { folder, doomed }: { folder: string; doomed: Acknowledged },
): Promise<Acknowledged> {
  using _half = await halfUpload(data, signedUrl(server, 'half.bin', SIZE))
  const enough = new AbortController()
  const uploading = keepUploading(server, enough.signal)
  const urls = Array.from(doomed.keys(), (path) => server.publicUrl + path)
  await Promise.all([
    runCommand(server, 'backup', folder),
    runCommand(server, 'files', 'delete', ...urls),
  ])
  enough.abort()
  return await uploading
}

/** The paths of the files that the state knows. */
async function pathsOf(server: FileServer): Promise<string[]> {
  const listed = await runCommand(server, 'files', 'list')
  const urls = listed.match(/\S+$/gmu) ?? []
  return urls.map((url) => url.slice(server.publicUrl.length))
}

test('a backup of a busy server, restored, serves every file it knows and keeps no other', async (t: TestContext) => {
  await using data = await keptData()
  await using place = await tempFolder('backup')
  const backup = join(place.path, 'backup')
  const known: Acknowledged = new Map()
  let kept: Acknowledged
  {
    await using server = await data.start()
    kept = await uploadMany(server, 'kept', 40)
    const doomed = await uploadMany(server, 'doomed', 40)
    const meanwhile = await backUpBusy(data, server, { folder: backup, doomed })
    assert.ok(meanwhile.size > 0, 'nothing was uploaded meanwhile')
    for (const [path, sha256] of [...kept, ...doomed, ...meanwhile]) known.set(path, sha256)
  }
  const restored = join(place.path, 'restored')
  await cp(backup, restored, { recursive: true })
  await using data2 = await keptData(restored)
  await using server = await data2.start()
  const paths = await pathsOf(server)
  for (const path of paths) {
    const { status, sha256 } = await get(server.publicUrl + path)
    assert.deepEqual([status, sha256], [200, known.get(path)], path)
  }
  for (const path of kept.keys()) assert.ok(paths.includes(path), `${path} was lost`)
  await data2.age()
  assert.match(await runCommand(server, 'gc'), /^0 orphans/mu)
  assert.deepEqual(
    { files: (await data2.names()).files.length, parts: (await data2.names()).parts },
    { files: paths.length, parts: [] },
  )
  await upload(server, 'half.bin', known)
  t.diagnostic(`${paths.length} of ${known.size} files were in the backup`)
})
