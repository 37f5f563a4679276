/** Uploads under way while every key changes: the secrets of grants and the master key. */
import assert from 'node:assert/strict'
import { keyFileNeeds } from '../../src/app/key-upkeep.ts'
import { systemClock } from '../../src/core/clock.ts'
import { retireKey, rotateKeys } from '../../src/keys/rotation.ts'
import { seededRandom } from '../interop/seeded-random.ts'
import { type SteppedUpload, WAYS } from './rotation-load.ts'
import { PUBLIC_URL } from './session-client.ts'
import { type Site, configOf } from './site.ts'
import { type SignedPut, get, signedPut } from './slots.ts'
import { ask } from './wire-client.ts'

/** The schemes whose secrets change. */
export const ROTATING = ['v1', 'v2', 'jwt'] as const

type Rotating = (typeof ROTATING)[number]

/** So many uploads of one user at once are no matter of this. */
export const ROOM: readonly string[] = [
  PUBLIC_URL,
  'limits.open_uploads_per_owner=100000',
  'limits.reserved_bytes_per_owner=10 GB',
  'limits.uploads_per_user=0',
  'log.level=warn',
]

const FAR = '2900-01-01T00:00:00Z'
const PAST = '2020-01-01T00:00:00Z'

/** The secret of a scheme after so many changes. */
export function secretOf(scheme: Rotating, changes: number): string {
  return `${scheme}-key-number-${changes}-of-the-tests`
}

/** The options that say which secrets are good after so many changes, the older ones until `notAfter`. */
export function secretFlags(changes: number, notAfter = FAR): string[] {
  return ROTATING.flatMap((scheme) => {
    const older = Array.from({ length: changes }, (_, at) => secretOf(scheme, at))
    const previous = older.map((secret) => `{ secret = "${secret}", not_after = ${notAfter} }`)
    const current = `grants.${scheme}_secret=${secretOf(scheme, changes)}`
    return [current, `grants.${scheme}_previous=[${previous.join(', ')}]`]
  })
}

/** What a run is told. */
export interface RotationRun {
  readonly uploads: number
  readonly bytes: number
  readonly seed: number
}

interface Planned {
  readonly put: SignedPut
  readonly path: string
  readonly way: string
}

/** Uploads that go on with their keys changing twice; rejects if one fails. Resolves to the ways that were taken. */
export async function uploadWhileKeysChange(
  site: Site,
  { uploads, bytes, seed }: RotationRun,
): Promise<ReadonlyMap<string, number>> {
  const random = seededRandom(seed)
  const ways = Object.keys(WAYS)
  const planned = Array.from({ length: uploads }, (_, number): Planned => {
    const path = `load/${number}.bin`
    const scheme = ROTATING[Math.floor(number / ways.length) % ROTATING.length] ?? 'v1'
    const body = random.bytes(bytes + random.integer(0, bytes))
    const secret = secretOf(scheme, 0)
    return {
      path,
      way: ways[number % ways.length] ?? '',
      put: signedPut(path, body, { scheme, secret }),
    }
  })
  const running = await Promise.all(planned.map(async (plan) => await begun(site, plan)))
  await Promise.all([changeKeys(site, 1), ...running.map(async (upload) => await upload.proceed())])
  await Promise.all([changeKeys(site, 2), ...running.map(async (upload) => await upload.finish())])
  for (const { path, put, way } of planned) {
    const { status, body } = await ask(site.port, get(path))
    assert.ok(status === 200 && body.equals(put.body), `${way} ${path} ${status}`)
  }
  return new Map(
    [...Map.groupBy(planned, ({ way }) => way)].map(([way, { length }]) => [way, length]),
  )
}

async function begun(site: Site, { way, put }: Planned): Promise<SteppedUpload> {
  const begin = WAYS[way]
  assert.ok(begin)
  return await begin(site, put)
}

/** Changes every key: the secrets by a reload, and the master key in its file, which the reload has read. */
export async function changeKeys(site: Site, changes: number): Promise<void> {
  await rotateKeys(keyFileNeeds(site.config, systemClock), 0)
  await site.server.reload(configOf(site.folder, [...ROOM, ...secretFlags(changes)]))
}

/** Ends the time of the older secrets, and retires the older master keys. */
export async function endOldKeys(
  site: Site,
  changes: number,
  kids: readonly string[],
): Promise<void> {
  const needs = keyFileNeeds(site.config, systemClock)
  for (const kid of kids) await retireKey(needs, kid, { atOnce: true })
  await site.server.reload(configOf(site.folder, [...ROOM, ...secretFlags(changes, PAST)]))
}
