import { spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { systemClock } from '../../src/core/clock.ts'
import type { Scheme } from '../../src/core/grant.ts'
import { type CuttingProxy, cuttingProxy } from '../app/cutting-proxy.ts'
import {
  type Line,
  type Site,
  auditOf,
  eventually,
  startSite,
  storedBytes,
  temporaryFolder,
} from '../app/site.ts'
import { contentOf } from '../app/visits.ts'
import { ask } from '../app/wire-client.ts'
import { PHOTO_SIZE, printed, shownWith, slotFor, unpackGuide } from './guide.ts'

const HOURS = 3_600_000

/** Where the network is gone; bytes, with the heads of requests. */
export const CUT_AT = PHOTO_SIZE / 2

/** Nobody listens there. */
const NOWHERE = 1

/** What came of an upload in a long standby. */
export interface Standby {
  readonly printed: string
  readonly lines: readonly Line[]
  /** Bytes that the client sent, heads of requests included. */
  readonly sent: number
  readonly isWhole: boolean
}

/**
 * A photo is sent until the network is gone in its middle, and the app is killed. After three hours
 * it is started with the old slot, and then with a new one.
 */
export async function afterStandby(t: TestContext, scheme: Scheme): Promise<Standby> {
  t.mock.timers.enable({ apis: ['Date'], now: systemClock() })
  await using folder = await temporaryFolder()
  const photo = await unpackGuide(folder.path)
  const network = { isThere: true }
  let site: Site | undefined
  const upstream = (): number => (network.isThere ? (site?.port ?? NOWHERE) : NOWHERE)
  await using proxy = await cuttingProxy(upstream, [{ at: CUT_AT, kind: 'hole' }])
  await using started = await startSite([`server.public_url=http://127.0.0.1:${proxy.port}/`])
  site = started

  const slot = slotFor(photo, proxy.port, scheme)
  await killedInTheMiddle({ folder: folder.path, slot: slot.url, proxy, network })
  await settled(site)
  t.mock.timers.setTime(systemClock() + 3 * HOURS)
  const next = slotFor(photo, proxy.port, scheme)
  const { commands } = shownWith('$NEW_SLOT')
  const variables = { SLOT: slot.url, NEW_SLOT: next.url }
  const text = await printed(commands, { folder: folder.path, variables, signal: t.signal })
  const isWhole = photo.equals(await contentOf(site, next.path))
  await site.server.shutdown()
  return { printed: text, lines: await auditOf(site.folder), sent: proxy.passed(), isWhole }
}

async function killedInTheMiddle(way: {
  folder: string
  slot: string
  proxy: CuttingProxy
  network: { isThere: boolean }
}): Promise<void> {
  const args = ['bound.mjs', 'photo.jpg', 'image/jpeg', way.slot, 'state.json']
  const app = spawn(process.execPath, args, { cwd: way.folder, stdio: 'inherit' })
  await eventually(async () => way.proxy.left() === 0)
  way.network.isThere = false
  app.kill('SIGKILL')
  await once(app, 'exit')
  way.network.isThere = true
}

/** Resolves when the server has stored all that reached it: what it reads after the standby, it would believe to be sent then. */
async function settled(site: Site): Promise<void> {
  let before = 0
  await eventually(async () => {
    await ask(site.port, { method: 'HEAD', target: '/upload/settled' })
    const now = await storedBytes(site)
    const isSame = now > 0 && now === before
    before = now
    return isSame
  })
}
