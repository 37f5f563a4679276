/** What a kill finds of uploads that say nothing: that their slot is used, and the bytes from before the silence. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { ClientRequest, InformationEvent } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { CLOCK_SKEW, systemClock } from '../../src/core/clock.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { signSlot } from '../../src/grants/sign.ts'
import { eventually } from './eventually.ts'
import { type FileServer, SECRETS } from './file-server.ts'
import { answerTo, get, openRequest, put } from './http-client.ts'
import { keptData } from './kept-data.ts'
import { seededRandom } from './seeded-random.ts'
import { signedUrl } from './signed-url.ts'

const SIZE = 3_000_000
const SENT = 700_000
const content = seededRandom(1).bytes(SIZE)

/** Fields of a PUT whose grant is accepted until `end`. */
function grantUntil(end: number, path: string, size: number): { readonly Authorization: string } {
  const slot = { path: parseSlotPath(path), size, expiresAt: end - CLOCK_SKEW }
  const { authorization = '' } = signSlot('jwt', slot, Buffer.from(SECRETS.jwt))
  return { Authorization: authorization }
}

/** Kills the server under a request that has more to send. */
async function kill(server: FileServer, sender: ClientRequest): Promise<void> {
  const cut = assert.rejects(answerTo(sender))
  server.program.signal('SIGKILL')
  await cut
  await server.program.ended
}

test('a slot that was in use at a kill can be used although its grant expired since', async () => {
  await using data = await keptData()
  let end: number
  let headers: ReturnType<typeof grantUntil>
  {
    await using server = await data.start()
    end = systemClock() + 5_000
    headers = grantUntil(end, 'a/silent.bin', SIZE)
    const length = { 'Content-Length': SIZE }
    const url = `${server.publicUrl}a/silent.bin`
    const sender = openRequest(url, { method: 'PUT', headers: { ...headers, ...length } })
    sender.write(content.subarray(0, SENT))
    await eventually('the slot is stored', async () => {
      const audit = await readFile(join(server.folder, 'audit.jsonl'), 'utf8')
      return audit.includes('"opened"') || undefined
    })
    await kill(server, sender)
  }
  await using server = await data.start()
  let path = 'a/never-used-'
  await eventually('grants of that time have expired', async () => {
    path += 'x'
    const other = { headers: grantUntil(end, path, 0) }
    return (await put(`${server.publicUrl}${path}`, Buffer.of(), other)).status === 403 || undefined
  })
  const answer = await put(`${server.publicUrl}a/silent.bin`, content, { headers })
  assert.equal(answer.status, 201, server.program.log())
})

test('what came before a silence is there after a kill', async () => {
  await using data = await keptData()
  const draft = { 'Upload-Draft-Interop-Version': '6' }
  const told: InformationEvent[] = []
  {
    await using server = await data.start()
    const headers = { ...draft, 'Upload-Complete': '?1', 'Content-Length': SIZE }
    const url = signedUrl(server, 'a/silent.bin', SIZE)
    // An address that no proxy has, so that interim answers go out by themselves.
    const sender = openRequest(url, { method: 'PUT', headers, localAddress: '127.0.0.2' })
    sender.on('information', (event: InformationEvent) => told.push(event))
    sender.write(content.subarray(0, SENT))
    while (told.length < 2) await once(sender, 'information')
    assert.equal(told[1]?.headers['upload-offset'], String(SENT))
    await kill(server, sender)
  }
  await using server = await data.start()
  const location = new URL(told[0]?.headers['location'] ?? '')
  location.port = String(server.port)
  const status = await get(location.href, { method: 'HEAD', headers: draft })
  assert.deepEqual([status.status, status.headers['upload-offset']], [204, String(SENT)])
})
