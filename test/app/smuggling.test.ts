import assert from 'node:assert/strict'
import test from 'node:test'
import { startSite, type Site } from './site.ts'
import { append, created, creation } from './rufh-client.ts'
import { type SignedPut, signedPut } from './slots.ts'
import {
  type Answers,
  type Filling,
  type Slots,
  type Smuggled,
  smuggled,
} from './smuggling-corpus.ts'
import { type Wire, dial, headOf, statusesIn } from './wire-client.ts'

const LAST = 'GET /nothing HTTP/1.1\r\nHost: files.example\r\nConnection: close\r\n\r\n'

/** How the bytes come, and when the last request does. */
const WAYS: Readonly<Record<string, (wire: Wire, bytes: string) => Promise<void>>> = {
  'at once': async (wire, bytes) => wire.send(bytes + LAST),
  'in small pieces': async (wire, bytes) => {
    const all = bytes + LAST
    for (let at = 0; at < all.length; at += 17) {
      wire.send(all.slice(at, at + 17))
      await new Promise(setImmediate)
    }
  },
  'and something more after the first answer': async (wire, bytes) => {
    wire.send(bytes)
    // Where nothing is answered the connection ends.
    await Promise.allSettled([wire.until('HTTP/1.1 ')])
    wire.send(LAST)
  },
}

/** What a connection came to. */
type Outcome = Omit<Smuggled, 'bytes'>

/** A site, and an address for each of its connections: nobody is refused for what others tried. */
interface Tried {
  readonly site: Site
  connections: number
}

async function outcomeOf(
  tried: Tried,
  sending: (wire: Wire) => Promise<void>,
  slots: Slots,
): Promise<Outcome> {
  const { site } = tried
  tried.connections += 1
  using wire = await dial(site.port, `127.1.${tried.connections}.1`)
  await sending(wire)
  const statuses = statusesIn(await wire.ended)
  const stored = await storedOf(site, slots)
  return { statuses, stored }
}

/** Which files exist; what exists is whole. */
async function storedOf({ port }: Site, { own, other }: Slots): Promise<Outcome['stored']> {
  using wire = await dial(port)
  wire.send(headOf(getOf(own)) + headOf({ ...getOf(other), headers: { Connection: 'close' } }))
  const received = await wire.ended
  const [ownStatus, otherStatus] = statusesIn(received)
  const found: (keyof Slots)[] = []
  if (ownStatus === 200) found.push('own')
  if (otherStatus === 200) found.push('other')
  for (const name of found) assert.ok(received.includes({ own, other }[name].body), name)
  return found
}

function getOf({ path }: Filling): { method: string; target: string } {
  return { method: 'GET', target: path }
}

/** A way to bring a file, and how it is answered. */
interface Way extends Answers {
  readonly fillingOf: (site: Site, put: SignedPut) => Promise<Filling>
}

const UPLOADS: Readonly<Record<string, Way>> = {
  PUT: {
    refused: 403,
    absent: 404,
    fillingOf: async (_, put) => ({ ...createdBy('PUT', put), fields: '' }),
  },
  POST: {
    refused: 403,
    absent: 404,
    fillingOf: async (_, put) => createdBy('POST', put),
  },
  PATCH: {
    refused: 404,
    // It is on its way.
    absent: 503,
    fillingOf: async (site, put) => {
      const target = await created(site, put, undefined)
      const whole = { offset: 0, bytes: put.body, isComplete: true }
      const fields = linesOf(append(target, undefined, whole).headers)
      const refusedTarget = `${target.slice(0, -4)}none`
      const request = { method: 'PATCH', target, refusedTarget, body: put.body }
      return { ...request, fields, fieldsOfChunks: fields, path: pathOf(put) }
    },
  },
}

/** A request that makes an upload and brings all of it. */
function createdBy(method: string, put: SignedPut): Filling {
  const { target, body } = put
  const fields = linesOf(creation(put, undefined).headers)
  return {
    method,
    target,
    refusedTarget: target.replace(/v=[0-9a-f]{4}/u, 'v=0000'),
    fields,
    fieldsOfChunks: `${fields}Upload-Length: ${body.length}\r\n`,
    body,
    path: pathOf(put),
  }
}

function linesOf(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return lines.join('')
}

function pathOf({ target }: SignedPut): string {
  return target.replace(/\?.*/u, '')
}

const FLAGS = [
  'server.client_address=peer',
  'downloads.wait_for_upload=0s',
  'limits.open_uploads_per_owner=1000',
]

for (const [method, { fillingOf, ...answers }] of Object.entries(UPLOADS)) {
  test(`what tries to mean two things by ${method} means one, with the lane and without it`, async (t) => {
    await using lane = await startSite(['http.fast_lane=auto', ...FLAGS])
    await using ordinary = await startSite(['http.fast_lane=off', ...FLAGS])
    const sites: Readonly<Record<string, Tried>> = {
      'with the lane': { site: lane, connections: 0 },
      'without the lane': { site: ordinary, connections: 0 },
    }
    let slots = 0
    for (const [name, { bytes, ...expected }] of Object.entries(smuggled(answers))) {
      for (const [how, sending] of Object.entries(WAYS)) {
        slots += 1
        const own = signedPut(`own/${slots}.bin`, 'whole file\r\n')
        const other = signedPut(`other/${slots}.bin`, 'other file')
        await t.test(`${name}, ${how}`, async () => {
          for (const [which, tried] of Object.entries(sites)) {
            const mine = {
              own: await fillingOf(tried.site, own),
              other: await fillingOf(tried.site, other),
            }
            const send = async (wire: Wire): Promise<void> => await sending(wire, bytes(mine))
            assert.deepEqual(await outcomeOf(tried, send, mine), expected, which)
          }
        })
      }
    }
  })
}
