import assert from 'node:assert/strict'
import test from 'node:test'
import { startSite, type Site } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { type Slots, SMUGGLED, type Smuggled } from './smuggling-corpus.ts'
import { type RawRequest, type Wire, dial, having, headOf, statusesIn } from './wire-client.ts'

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
  wire.send(headOf(getOf(own)) + headOf(having(getOf(other), { Connection: 'close' })))
  const received = await wire.ended
  const [ownStatus, otherStatus] = statusesIn(received)
  const found: (keyof Slots)[] = []
  if (ownStatus === 200) found.push('own')
  if (otherStatus === 200) found.push('other')
  for (const name of found) assert.ok(received.includes({ own, other }[name].body), name)
  return found
}

function getOf({ target }: SignedPut): RawRequest {
  const [path = ''] = target.slice(1).split('?')
  return get(path)
}

test('what tries to mean two things means one, with the lane and without it', async (t) => {
  await using lane = await startSite(['http.fast_lane=auto', 'server.client_address=peer'])
  await using ordinary = await startSite(['http.fast_lane=off', 'server.client_address=peer'])
  const sites: Readonly<Record<string, Tried>> = {
    'with the lane': { site: lane, connections: 0 },
    'without the lane': { site: ordinary, connections: 0 },
  }
  let slots = 0
  for (const [name, { bytes, ...expected }] of Object.entries(SMUGGLED)) {
    for (const [how, sending] of Object.entries(WAYS)) {
      slots += 1
      const mine = {
        own: signedPut(`own/${slots}.bin`, 'whole file\r\n'),
        other: signedPut(`other/${slots}.bin`, 'other file'),
      }
      await t.test(`${name}, ${how}`, async () => {
        for (const [which, tried] of Object.entries(sites)) {
          const send = async (wire: Wire): Promise<void> => await sending(wire, bytes(mine))
          assert.deepEqual(await outcomeOf(tried, send, mine), expected, which)
        }
      })
    }
  }
})
