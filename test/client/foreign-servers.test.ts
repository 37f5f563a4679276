/** Uploads to servers that know less than ours, or refuse in another way. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Socket, createServer } from 'node:net'
import { test } from 'node:test'
import { httpTransport } from '../../src/client/node/http-transport.ts'
import type { Slot } from '../../src/client/slot.ts'
import type { Transport } from '../../src/client/transport.ts'
import { uploading } from '../../src/client/upload.ts'
import { hurriedTime } from './manual-time.ts'
import { type ScriptedLine, scripted } from './scripted-transport.ts'
import { toldNetwork } from './told-network.ts'

const FILE = new Blob([new Uint8Array(300_000)])
const NOT_SPOKEN: ScriptedLine = { status: 405 }
const FORBIDDEN: ScriptedLine = { status: 403 }
const CREATED: ScriptedLine = { status: 201 }

function slotAt(place: number): Slot {
  const url = `https://files.example/${place}/film.mp4`
  return { put: url, get: `${url}?get` }
}

/** Uploads to slots that a function gives, one after the other. */
async function uploaded(transport: Transport): Promise<{ url: string; slots: number }> {
  let slots = 0
  const nextSlot = async (): Promise<Slot> => slotAt((slots += 1))
  const upload = uploading({ transport, network: toldNetwork() }, hurriedTime())
  const { url } = await upload(FILE, nextSlot)
  return { url, slots }
}

test('a slot that is refused after a loss is given up for a new one', async () => {
  const { transport, asked } = scripted([NOT_SPOKEN, 'lost', FORBIDDEN, CREATED])
  assert.deepEqual(await uploaded(transport), { url: slotAt(2).get, slots: 2 })
  assert.equal(asked.at(-1), 'PUT /2/film.mp4 300000')
})

test('a slot that is refused at once is not', async () => {
  const { transport, asked } = scripted([NOT_SPOKEN, FORBIDDEN])
  await assert.rejects(uploaded(transport), { code: 'refused', status: 403 })
  assert.equal(asked.length, 2)
})

test('a server that loses and refuses without end is left', async () => {
  const rounds = Array.from({ length: 9 }, (): ScriptedLine[] => ['lost', FORBIDDEN])
  const { transport, asked } = scripted([NOT_SPOKEN, ...rounds.flat()])
  await assert.rejects(uploaded(transport), { code: 'refused', status: 403 })
  assert.ok(asked.length < 15, String(asked.length))
})

test('a server of tus is sent no field of sessions', async () => {
  const fields = new Set<string>()
  const { transport } = scripted([
    { status: 204, headers: { 'tus-resumable': '1.0.0' } },
    { status: 201, headers: { location: '/files/a' } },
    { status: 204, headers: { 'upload-offset': '262144' } },
    { status: 204, headers: { 'upload-offset': '300000' } },
  ])
  await uploaded(async (request) => {
    for (const name of Object.keys(request.headers)) fields.add(name)
    return await transport(request)
  })
  assert.ok(fields.has('upload-offset'))
  assert.deepEqual(
    [...fields].filter((name) => /^x-|^dpop/u.test(name)),
    [],
  )
})

/** Refuses a body, does not read it, and takes it for the request that comes next on the connection. */
async function misreadingServer(): Promise<AsyncDisposable & { url: string }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let answered = 0
    socket
      .on('error', () => {})
      .on('data', (piece: Buffer) => {
        if (!piece.includes('end of the file')) return
        answered += 1
        const status = answered === 1 ? '403 Forbidden' : '400 Bad Request'
        socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    url: `http://127.0.0.1:${address.port}/film.mp4`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('the connection of a refused body is not used again', async () => {
  await using server = await misreadingServer()
  const { url } = server
  const transport = httpTransport()
  const body = new Blob(['end of the file'])
  const signal = AbortSignal.timeout(10_000)
  for (const _try of [1, 2, 3]) {
    const { status } = await transport({ method: 'PUT', url, headers: {}, body, signal })
    assert.equal(status, 403)
  }
})
