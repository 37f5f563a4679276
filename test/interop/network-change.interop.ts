/**
 * A phone whose address really changes in the middle of an upload, while the way from the old address goes silent.
 * The server would wait ten minutes for a silent client, so no time-out of its own can be what saves an upload.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import { eventually } from './eventually.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { type PhoneAndServer, phoneAndServer } from './phone-and-server.ts'
import { type RunningProgram, startProgram } from './running-program.ts'
import { type SampleFile, sampleFile } from './sample-file.ts'
import { signedUrl } from './signed-url.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

const run = promisify(execFile)

const SIZE = 60_000_000
/** Bytes per second: six seconds for the file, if nothing happened. */
const RATE = 10_000_000
const PATIENT = {
  http: { body_idle: '10m' },
  network_resilience: { resume_timeout: '10m' },
  privacy: { address: 'full' },
}
const CLIENT = join(import.meta.dirname, 'clients/resuming-phone.ts')

describe('a phone that moves from WiFi to mobile and back', { timeout: 180_000 }, () => {
  const stack = new AsyncDisposableStack()
  let world: PhoneAndServer
  let server: FileServer
  let folder: TempFolder
  let file: SampleFile

  before(async () => {
    world = stack.use(await phoneAndServer())
    await world.join('wifi', 2)
    const { serverAddress: address, serverSpace: namespace } = world
    const config = { ...PATIENT, server: { listen: `${address}:5050` } }
    const publicUrl = `http://${address}:5050/`
    server = stack.use(await startFileServer({ namespace, publicUrl, config }))
    folder = stack.use(await tempFolder('phone'))
    file = await sampleFile(folder.path, 'film.mp4', SIZE)
  })
  after(async () => await stack.disposeAsync())

  for (const { words, path, tells, hosts } of [
    { words: 'told of it', path: 'moving/told.mp4', tells: true, hosts: [2, 3] },
    { words: 'told of nothing', path: 'moving/untold.mp4', tells: false, hosts: [4, 5] },
  ]) {
    test(`our client, ${words}, goes on at the very byte after each switch`, async () => {
      const url = signedUrl(server, path, SIZE)
      const known = (await auditOf(server)).length
      await using client = onPhone([process.execPath, CLIENT, url, file.path, String(RATE)])
      const starts = startsOf(client)
      const addresses = await moving(hosts, tells ? client : undefined)
      assert.equal(await client.ended, 0, client.log())
      await assertIntact(path)
      const audit = await published(server, known)
      assert.deepEqual(kept(audit), starts.slice(1), client.log())
      assert.ok(
        starts.every((offset, index) => index === 0 || offset >= (index * SIZE) / 3),
        String(starts),
      )
      assert.deepEqual(takeovers(audit), addresses)
    })
  }

  test('curl, which knows nothing of resuming, starts over and succeeds', async () => {
    const path = 'moving/curl.mp4'
    const url = signedUrl(server, path, SIZE)
    const known = (await auditOf(server)).length
    const limits = ['--limit-rate', String(RATE), '--speed-limit', '1000', '--speed-time', '1']
    const retries = ['--retry', '5', '--retry-all-errors', '--retry-delay', '1']
    const told = ['-sS', '-o', '/dev/null', '-w', '%{http_code}\\n', '-T', file.path]
    await using client = onPhone(['curl', ...told, ...limits, ...retries, url])
    await stored(server, SIZE / 3)
    await world.join('mobile', 9)
    assert.equal(await client.ended, 0, client.log())
    assert.match(client.log(), /^201$/m)
    await assertIntact(path)
    const audit = await published(server, known)
    assert.equal(takeovers(audit).at(-1), '10.77.2.9')
  })

  /** To the mobile network when a third is stored, back to WiFi when two are; resolves to the addresses. */
  async function moving(
    hosts: readonly number[],
    told: RunningProgram | undefined,
  ): Promise<string[]> {
    const addresses: string[] = []
    for (const [index, network] of (['mobile', 'wifi'] as const).entries()) {
      await stored(server, ((index + 1) * SIZE) / 3)
      const address = await world.join(network, hosts[index] ?? 0)
      told?.write('another network\n')
      await eventually(`the phone comes back from ${address}`, async () => {
        return takeovers(await auditOf(server)).includes(address) || undefined
      })
      addresses.push(address)
    }
    return addresses
  }

  function onPhone(words: readonly string[]): RunningProgram {
    const [command, ...args] = world.onPhone(words)
    return startProgram(command, args)
  }

  async function assertIntact(path: string): Promise<void> {
    const url = `${server.publicUrl}${path}`
    const [command, ...args] = world.onPhone(['sh', '-c', 'curl -sf "$0" | sha256sum', url])
    const { stdout } = await run(command, args)
    assert.equal(stdout.split(' ')[0], file.sha256)
  }
})

/** Offsets from which the client sent bytes at first, and after each loss, as it tells them. */
function startsOf(client: RunningProgram): readonly number[] {
  const starts: number[] = []
  let isLost = true
  client.onLine((line) => {
    const event: UploadEvent = JSON.parse(line)
    if (event.kind === 'lost') isLost = true
    if (event.kind !== 'sending' || !isLost) return
    starts.push(event.offset)
    isLost = false
  })
  return starts
}

/** Resolves when the server has so many bytes of an upload that goes on. */
async function stored({ folder }: FileServer, bytes: number): Promise<void> {
  const parts = join(folder, 'files', 'parts')
  await eventually(`${bytes} bytes are stored`, async () => {
    const names = await readdir(parts, { recursive: true })
    const found = await Promise.all(names.map(async (name) => await stat(join(parts, name))))
    return found.some((one) => one.isFile() && one.size >= bytes) ? true : undefined
  })
}

interface AuditLine {
  readonly event: string
  readonly address?: string
  readonly kept?: number
}

async function auditOf({ folder }: FileServer): Promise<AuditLine[]> {
  const text = await readFile(join(folder, 'audit.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** The audit trail after the lines that are known, once they have a publication. */
async function published(server: FileServer, known: number): Promise<AuditLine[]> {
  return await eventually('the publication is in the audit trail', async () => {
    const lines = (await auditOf(server)).slice(known)
    return lines.some(({ event }) => event === 'published') ? lines : undefined
  })
}

function kept(audit: readonly AuditLine[]): number[] {
  return audit.flatMap(({ event, kept: bytes }) => (event === 'interrupted' ? [bytes ?? 0] : []))
}

/** Addresses of those who took an upload over. */
function takeovers(audit: readonly AuditLine[]): (string | undefined)[] {
  return audit.flatMap(({ event, address }) => (event === 'takeover' ? [address] : []))
}
