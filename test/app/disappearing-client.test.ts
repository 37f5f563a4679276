import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { append, created as createdUpload, creation, head } from './rufh-client.ts'
import { type Site, startSite } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { creation as tusCreation, created as createdTus, patch } from './tus-client.ts'
import { type RawRequest, ask, dial, headOf } from './wire-client.ts'

const BODY = Buffer.from(Array.from({ length: 3000 }, (_, at) => at % 251))

/** Requests that may be cut, each for a slot of its own. */
const REQUESTS: Readonly<Record<string, (put: SignedPut, site: Site) => Promise<RawRequest>>> = {
  'a plain PUT': async (put) => put,
  'a PUT of a piece': async (put) => ({
    ...put,
    headers: { 'Content-Range': `bytes 0-${BODY.length - 1}/${BODY.length}` },
  }),
  'the question for a piece': async (put) => ({
    ...put,
    headers: { 'Content-Range': `bytes */${BODY.length}` },
    body: '',
  }),
  'a GET': async (put, site) => {
    await ask(site.port, put)
    return { method: 'GET', target: new URL(put.target, 'http://any').pathname }
  },
  'an OPTIONS': async ({ target }) => ({ method: 'OPTIONS', target }),
  'a PUT that creates': async (put) => creation(put, 6),
  'a POST that creates': async (put) => ({ ...creation(put, undefined), method: 'POST' }),
  'a PATCH': async (put, site) => {
    const whole = { offset: 0, bytes: BODY, isComplete: true }
    return append(await createdUpload(site, put), 8, whole)
  },
  'a HEAD of an upload': async (put, site) => head(await createdUpload(site, put), 8),
  'a DELETE of an upload': async (put, site) => ({
    method: 'DELETE',
    target: await createdUpload(site, put),
  }),
  'a creation by tus': async (put) => tusCreation(pathOf(put), BODY),
  'a PATCH by tus': async (put, site) => {
    return patch(await createdTus(site, tusCreation(pathOf(put), BODY)), 0, BODY)
  },
}

function pathOf({ target }: SignedPut): string {
  return new URL(target, 'http://any').pathname.slice(1)
}

for (const flag of ['http.fast_lane=auto', 'http.fast_lane=off']) {
  test(`with ${flag}, a client may disappear at any byte of any request, and upload afterwards`, async () => {
    await using site = await startSite([flag, 'server.client_address=peer'])
    let slots = 0
    const property = fc.asyncProperty(
      fc.constantFrom(...Object.keys(REQUESTS)),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('reset', 'fin', 'close', 'silence'),
      async (name, share, ending) => {
        slots += 1
        const put = signedPut(`gone/${slots}.bin`, BODY)
        const request = await REQUESTS[name]?.(put, site)
        assert.ok(request !== undefined)
        using wire = await dial(site.port, '127.0.0.2')
        const bytes = Buffer.concat([
          Buffer.from(headOf(request), 'latin1'),
          Buffer.from(request.body ?? ''),
        ])
        wire.send(bytes.subarray(0, Math.round(share * bytes.length)))
        if (ending === 'reset') wire.socket.resetAndDestroy()
        if (ending === 'fin') wire.socket.end()
        if (ending === 'close') wire.socket.destroy()
        assert.equal((await ask(site.port, { ...put, from: '127.0.0.3' })).status, 201)
        const file = await ask(site.port, get(pathOf(put)))
        assert.deepEqual(file.body, BODY)
      },
    )
    await fc.assert(property, { numRuns: 150 })
    assert.doesNotMatch(site.log(), /"level":"?(?:error|fatal|50|60)/u)
  })
}
