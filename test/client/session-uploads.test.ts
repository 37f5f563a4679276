/** Whole uploads with sessions, against the server itself. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { fileStore } from '../../src/client/node/file-store.ts'
import { forget, upload } from '../../src/client/node/main.ts'
import type { UploadStore } from '../../src/client/platform.ts'
import type { Slot } from '../../src/client/slot.ts'
import type { Transport } from '../../src/client/transport.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { Uploaded } from '../../src/client/upload-options.ts'
import { type Site, startSite, temporaryFolder } from '../app/site.ts'
import { signedPut } from '../app/slots.ts'
import { HERE, THERE } from '../app/taken-in-turn.ts'
import { contentOf } from '../app/visits.ts'
import { memoryStore } from './memory-store.ts'
import { ORIGIN, PUBLIC_URL, transportTo } from './session-phone.ts'

const PATH = 'a1/film.mp4'
const CONTENT = randomBytes(600_000)

function slot(path = PATH, content = CONTENT): Slot {
  const put = signedPut(path, content, { scheme: 'jwt', user: 'romeo@montague.example' })
  return { put: ORIGIN + put.target, get: `${ORIGIN}/${path}`, headers: put.headers }
}

/** One run of a program that uploads the file. */
interface Run {
  readonly session: 'hmac' | 'dpop'
  readonly store: UploadStore
  readonly from?: string
  /** The program ends with the first event of this kind. */
  readonly until?: UploadEvent['kind']
}

interface Ended {
  readonly events: readonly UploadEvent[]
  readonly uploaded: Uploaded | undefined
}

async function ran(site: Site, { session, store, from = '127.0.0.2', until }: Run): Promise<Ended> {
  const events: UploadEvent[] = []
  const end = new AbortController()
  const onEvent = (event: UploadEvent): void => {
    events.push(event)
    if (event.kind === until) end.abort(new Error('The program ends'))
  }
  const transport = transportTo(site, { from })
  const options = { id: 'film', session, store, transport, onEvent, signal: end.signal }
  const uploading = upload(new Blob([CONTENT]), slot(), options)
  if (until === undefined) return { events, uploaded: await uploading }
  await assert.rejects(uploading, /The program ends/u)
  return { events, uploaded: undefined }
}

function kindsOf({ events }: Ended): string[] {
  return events.map(({ kind }) => kind)
}

for (const session of ['hmac', 'dpop'] as const) {
  describe(`an upload with a session by ${session}`, () => {
    test('goes on in it after the program started again, in another network, from a file', async () => {
      await using home = await temporaryFolder()
      await using site = await startSite([PUBLIC_URL])
      const run = { session, store: fileStore(home.path) }
      const first = await ran(site, { ...run, until: 'stands' })
      assert.ok(kindsOf(first).includes('bound'))
      const second = await ran(site, { ...run, from: '127.0.0.3' })
      assert.ok(kindsOf(second).includes('restored') && !kindsOf(second).includes('bound'))
      const begun = second.events.find(({ kind }) => kind === 'sending')
      assert.ok(begun?.kind === 'sending' && begun.offset > 0)
      assert.deepEqual(second.uploaded, { url: slot().get, size: CONTENT.length })
      assert.deepEqual(await contentOf(site, PATH), CONTENT)
    })

    test('that is given up is forgotten here and there', async () => {
      await using site = await startSite([PUBLIC_URL])
      const run = { session, store: memoryStore() }
      const { events } = await ran(site, { ...run, until: 'stands' })
      const created = events.find(({ kind }) => kind === 'created')
      assert.ok(created?.kind === 'created')
      const wire: string[] = []
      const send = transportTo(site, { from: '127.0.0.2' })
      const transport: Transport = async (request) => {
        const answer = await send(request)
        wire.push(`${request.method} ${answer.status}`)
        return answer
      }
      await forget('film', { store: run.store, transport })
      assert.equal(wire.at(-1), 'DELETE 204')
      assert.equal(await run.store.load('film'), undefined)
      await forget('film', { store: run.store, transport })
      assert.equal(wire.filter((line) => line === 'DELETE 204').length, 1)
    })

    test('begins anew in another one where the server lost upload and session', async () => {
      const run = { session, store: memoryStore() }
      {
        await using lost = await startSite([PUBLIC_URL])
        await ran(lost, { ...run, until: 'stands' })
      }
      await using site = await startSite([PUBLIC_URL])
      const second = await ran(site, run)
      assert.equal(kindsOf(second).filter((kind) => kind === 'bound').length, 1)
      assert.deepEqual(await contentOf(site, PATH), CONTENT)
    })
  })
}

test('a client that is banned in the middle of a file sends it in a new slot, in a new session', async () => {
  await using site = await startSite([
    PUBLIC_URL,
    'threats.grant_on_two_networks=ban',
    'threats.returns=1',
    'security.challenge_on_network_change=false',
  ])
  const long = randomBytes(8_000_000)
  const way = { from: HERE }
  const codes: string[] = []
  const transport: Transport = async (request) => {
    const answer = await transportTo(site, way)(request)
    if (answer.problem !== undefined) codes.push(answer.problem)
    // As if the slot were in two hands, until it is refused.
    if (codes.length === 0) way.from = way.from === HERE ? THERE : HERE
    return answer
  }
  const slots = ['a1/one.mp4', 'a1/two.mp4'].map((path) => slot(path, long))
  const sessions = new Set<string>()
  const { url } = await upload(
    new Blob([long]),
    async () => slots.shift() ?? (await Promise.reject(new Error('No more slots'))),
    { transport, onEvent: (event) => event.kind === 'bound' && sessions.add(event.session) },
  )
  assert.equal(url, `${ORIGIN}/a1/two.mp4`)
  assert.deepEqual([codes, sessions.size], [['session-banned'], 2])
})
