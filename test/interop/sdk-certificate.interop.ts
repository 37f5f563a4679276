import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import { upload } from '../../src/client/node/main.ts'
import type { Uploaded } from '../../src/client/upload-options.ts'
import { tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'

for (const [words, subject, days] of [
  ['is another host’s', 'files.example', 2],
  ['has expired', '127.0.0.1', -1],
  ['is right', '127.0.0.1', 2],
] as const) {
  test(`of a server whose certificate ${words} an upload learns with its first request`, async () => {
    await using folder = await tempFolder('certificate')
    const authority = await throwawayCa(folder.path)
    const { certFile, keyFile } = await authority.issue([subject], days)
    const certificate = { cert: await readFile(certFile), key: await readFile(keyFile) }
    await using server = createServer(certificate, (asked, response) => {
      const answer = (): unknown => response.writeHead(201, { connection: 'close' }).end()
      asked.resume().once('end', answer)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const put = `https://127.0.0.1:${address.port}/up/a/film.mp4`

    async function uploaded(ca?: string): Promise<Uploaded> {
      const transport = httpTransport(ca === undefined ? {} : { ca })
      return await upload(new Blob(['film']), { put, get: put }, { transport, onEvent })
    }
    let losses = 0
    const onEvent = ({ kind }: { kind: string }): void => void (losses += Number(kind === 'lost'))
    const untrusted = { name: 'UploadError', code: 'untrusted-server' }
    await assert.rejects(uploaded(), untrusted, 'nobody trusts this authority untold')
    const trusting = uploaded(await readFile(authority.caFile, 'utf8'))
    if (words === 'is right') assert.equal((await trusting).size, 4)
    else await assert.rejects(trusting, untrusted)
    assert.equal(losses, 0)
  })
}
