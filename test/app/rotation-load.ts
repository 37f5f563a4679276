/** Uploads by every way there is, which take so many steps that keys can change between them. */
import assert from 'node:assert/strict'
import { dpopProved, nonceIn, openedByDpop } from './dpop-client.ts'
import { append, creation, located } from './rufh-client.ts'
import { accepting, proved, toldSession } from './session-client.ts'
import type { Site } from './site.ts'
import type { SignedPut } from './slots.ts'
import { CHUNK, TUS, targetOf } from './tus-client.ts'
import { type RawRequest, type Reply, ask, dial, having, headOf } from './wire-client.ts'

/** An upload that has begun; rejects if the server refuses anything of it. */
export interface SteppedUpload {
  /** Sends the second of three parts. */
  proceed(): Promise<void>
  /** Sends the rest; resolves when the file is published. */
  finish(): Promise<void>
}

/** Begins an upload with a grant, and sends the first of three parts. */
export type Beginning = (site: Pick<Site, 'port'>, put: SignedPut) => Promise<SteppedUpload>

const NOTHING = Buffer.alloc(0)

/** Where the parts of a body end. */
function endsOf({ body }: SignedPut): readonly [first: number, second: number, whole: number] {
  const third = Math.floor(body.length / 3)
  return [third, 2 * third, body.length]
}

function expect(reply: Reply, ...statuses: readonly number[]): Reply {
  assert.ok(statuses.includes(reply.status), `${reply.status} ${reply.body.toString()}`)
  return reply
}

/** An upload whose parts are sent by `send`, each from one offset to another. */
async function inParts(
  put: SignedPut,
  send: (from: number, to: number) => Promise<unknown>,
): Promise<SteppedUpload> {
  const [first, second, whole] = endsOf(put)
  await send(0, first)
  return {
    proceed: async () => void (await send(first, second)),
    finish: async () => void (await send(second, whole)),
  }
}

async function plain({ port }: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const wire = await dial(port)
  wire.send(headOf(put))
  return await inParts(put, async (from, to) => {
    wire.send(put.body.subarray(from, to))
    if (to < put.body.length) return
    await wire.until('HTTP/1.1 201 ')
    wire[Symbol.dispose]()
  })
}

async function range({ port }: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const total = put.body.length
  return await inParts(put, async (from, to) => {
    const piece = having(put, { 'Content-Range': `bytes ${from}-${to - 1}/${total}` })
    const reply = await ask(port, { ...piece, body: put.body.subarray(from, to) })
    expect(reply, to === total ? 201 : 308)
  })
}

async function tus({ port }: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const fields = { ...TUS, 'Upload-Length': String(put.body.length) }
  const { body: _body, ...bare } = having(put, fields)
  const target = targetOf(expect(await ask(port, { ...bare, method: 'POST' }), 201))
  return await inParts(put, async (from, to) => {
    const headers = { ...CHUNK, 'Upload-Offset': String(from) }
    const body = put.body.subarray(from, to)
    expect(await ask(port, { method: 'PATCH', target, headers, body }), 204)
  })
}

/** A creation without a byte. */
function careful(put: SignedPut): SignedPut {
  return creation(put, 8, { bytes: NOTHING, isComplete: false })
}

function part(target: string, put: SignedPut, [from, to]: readonly [number, number]): RawRequest {
  const bytes = put.body.subarray(from, to)
  return append(target, 8, { offset: from, bytes, isComplete: to === put.body.length })
}

async function rufh({ port }: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const target = located(expect(await ask(port, careful(put)), 201))
  return await inParts(put, async (from, to) => {
    expect(await ask(port, part(target, put, [from, to])), 201, 204)
  })
}

/** With a session whose key the server made; each proof is right the first time. */
async function hmac({ port }: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const opened = expect(await ask(port, having(careful(put), accepting())), 201)
  const target = located(opened)
  let session = toldSession(opened)
  return await inParts(put, async (from, to) => {
    const reply = await ask(port, proved(part(target, put, [from, to]), session))
    session = { ...session, next: expect(reply, 201, 204).headers['x-next-challenge'] ?? '' }
  })
}

/** With a session whose key the client made; likewise. */
async function dpop(site: Pick<Site, 'port'>, put: SignedPut): Promise<SteppedUpload> {
  const opened = await openedByDpop(site, careful(put))
  const target = located(opened.reply)
  let { session } = opened
  return await inParts(put, async (from, to) => {
    const reply = await ask(site.port, dpopProved(part(target, put, [from, to]), session))
    session = { ...session, nonce: nonceIn(expect(reply, 201, 204)) }
  })
}

/** Every way to upload; those that show a grant when they begin come first. */
export const WAYS: Readonly<Record<string, Beginning>> = { plain, range, rufh, tus, hmac, dpop }
