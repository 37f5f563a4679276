/** The one unmodified client stack that repeats a PUT by itself: OkHttp on a host with two addresses. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { type Failure, twoAddresses } from './failing-address.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { get } from './http-client.ts'
import { sampleFile } from './sample-file.ts'
import { signedUrl } from './signed-url.ts'
import { tempFolder } from './temp-folder.ts'

const run = promisify(execFile)
const LIBRARIES = ['/usr/share/java/okhttp.jar', '/usr/share/java/okio.jar'].join(':')
const FAILURES: readonly { failure: Failure; words: string }[] = [
  { failure: 'mid-body', words: 'in the middle of the body' },
  { failure: 'before-the-answer', words: 'after the last byte, before the answer' },
]

describe('OkHttp on a host with two addresses', () => {
  const stack = new AsyncDisposableStack()
  let server: FileServer
  let classes: string

  before(async () => {
    server = stack.use(await startFileServer())
    classes = stack.use(await tempFolder('classes')).path
    const source = join(import.meta.dirname, 'clients/Upload.java')
    await run('javac', ['-cp', LIBRARIES, '-d', classes, source])
  })
  after(async () => await stack.disposeAsync())

  for (const { failure, words } of FAILURES) {
    test(`the first address fails ${words}: 201 over the second, file intact`, async (t) => {
      const port = await freePort()
      await using host = await twoAddresses({ port, upstream: server.port, failure })
      await using place = await tempFolder('sample')
      const file = await sampleFile(place.path, 'photo.jpg', 5_000_000)
      const path = `okhttp/${failure}.jpg`
      const publicUrl = server.publicUrl.replace(/\/\/[^/]+/, `//upload.test:${port}`)
      const url = signedUrl({ publicUrl }, path, file.size)

      const args = ['-cp', `${LIBRARIES}:${classes}`, 'Upload', url, file.path, ...host.addresses]
      const { stdout } = await run('java', args, { timeout: 60_000, signal: t.signal })

      assert.equal(stdout.trim(), 'status 201', server.program.log())
      assert.deepEqual(host.connections(), [1, 1])
      const stored = await get(`${server.publicUrl}${path}`)
      assert.deepEqual([stored.status, stored.sha256], [200, file.sha256])
    })
  }
})
