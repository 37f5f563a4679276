/** A file goes from the command line, and from a bot, to another account of a real XMPP server. */
import assert from 'node:assert/strict'
import { open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { cuttingProxy, type CuttingProxy } from '../app/cutting-proxy.ts'
import { type Outcome, runCli } from '../cli/cli-run.ts'
import { lifeline } from '../../src/cli/xmpp/lifeline.ts'
import { sendLink } from '../../src/cli/xmpp/link-message.ts'
import { logIn } from '../../src/cli/xmpp/login.ts'
import { COUNTRY_DATABASE } from '../risk/country-database.ts'
import { startBot } from './bot-program.ts'
import { type CommandPlace, runCommand } from './command-run.ts'
import { startEjabberd } from './ejabberd.ts'
import { eventually } from './eventually.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { halfOpenRelay } from './half-open-relay.ts'
import { get } from './http-client.ts'
import { BARE_DOMAIN, ROOMS, startProsody } from './prosody.ts'
import { roomOwner } from './room-owner.ts'
import { type SampleFile, sampleFile } from './sample-file.ts'
import { type TravellingProxy, travellingProxy } from './travelling-proxy.ts'
import { type SlixmppAccount, slixmppAccount } from './slixmpp-account.ts'
import { tempFolder } from './temp-folder.ts'
import { PASSWORD, type XmppHost, hostOf } from './xmpp-server.ts'

const GERMANY = '141.76.1.1'
const JAPAN = '133.11.0.1'
const MODES = ['Prosody v1', 'Prosody v2', 'Prosody file_share', 'ejabberd']
const LIMIT = 30_000

/** Where the one connection that is cut stands still, in bytes. */
const CUT = 12_000_000

const NEVER = new AbortController().signal

type Changes = Readonly<Record<string, string>>

interface Command {
  readonly argv: readonly string[]
  readonly place: CommandPlace
}

/** Runs it in this process, which trusts what it is told to trust from then on. */
async function run({ argv, place }: Command, stop = NEVER): Promise<Outcome> {
  return await runCli(argv, place.cwd, { env: place.env, stopRequested: () => stop })
}

async function assertFile(link: string, { size, sha256 }: SampleFile): Promise<void> {
  const answer = await get(link, { signal: AbortSignal.timeout(LIMIT) })
  assert.deepEqual([answer.status, answer.size, answer.sha256], [200, size, sha256])
}

function assertFailed({ code, out, err }: Outcome, text: RegExp): void {
  assert.match(err, text)
  assert.deepEqual([code, out], [1, ''])
  assert.doesNotMatch(err, /\n {4}at /u)
}

describe('files sent from the command line and by a bot', () => {
  const stack = new AsyncDisposableStack()
  let folder: string
  let file: SampleFile
  let travel: TravellingProxy
  let proxy: CuttingProxy
  let server: FileServer
  let hosts: ReadonlyMap<string, XmppHost>

  before(async () => {
    folder = stack.use(await tempFolder('send')).path
    file = await sampleFile(folder, 'holiday photo.jpg', 1_000_000)
    let port = 0
    travel = stack.use(await travellingProxy(() => port, GERMANY))
    proxy = stack.use(await cuttingProxy(() => travel.port, [{ at: CUT, kind: 'hole' }]))
    server = stack.use(
      await startFileServer({
        publicUrl: `http://127.0.0.1:${proxy.port}/upload/`,
        config: { geo: { city_database: COUNTRY_DATABASE, country_change: 'reauth' } },
      }),
    )
    port = server.port
    const [prosody, ejabberd] = await Promise.all([
      startProsody(server.publicUrl),
      startEjabberd(server.publicUrl),
    ])
    stack.use(prosody)
    stack.use(ejabberd)
    const all = { ...prosody, hosts: [...prosody.hosts, ...ejabberd.hosts] }
    hosts = new Map(MODES.map((mode) => [mode, hostOf(all, mode)]))
  })
  after(async () => await stack.disposeAsync())

  const readers = new Map<string, SlixmppAccount>()

  /** Whoever gets what is sent on a host. */
  async function readerOn(host: XmppHost): Promise<SlixmppAccount> {
    const known = readers.get(host.domain)
    if (known !== undefined) return known
    const reader = stack.use(await slixmppAccount(host, 'reader'))
    readers.set(host.domain, reader)
    return reader
  }

  function hostFor(mode: string): XmppHost {
    const host = hosts.get(mode)
    assert.ok(host, mode)
    return host
  }

  /** The command by which an account of the host sends; `over` has other flags (with `--`) and variables. */
  function command(host: XmppHost, argv: readonly string[], over: Changes = {}): Command {
    const { domain, port, caFile } = host
    const usual = {
      '--jid': `profanity@${domain}`,
      '--service': `xmpp://127.0.0.1:${port}`,
      '--ca': caFile,
      HFS_XMPP_PASSWORD: PASSWORD,
      XDG_STATE_HOME: folder,
    }
    const given = Object.entries({ ...usual, ...over })
    const flags = given.filter(([name, value]) => name.startsWith('--') && value !== '')
    const env = Object.fromEntries(given.filter(([name]) => !name.startsWith('--')))
    return { argv: ['send', ...argv, ...flags.flat()], place: { cwd: folder, env } }
  }

  async function sent(to: string, over: Changes, mode = 'Prosody v2'): Promise<Outcome> {
    return await run(command(hostFor(mode), ['holiday photo.jpg', to], over))
  }

  test('a certificate that is not trusted is told, and how to trust it', async () => {
    const { argv, place } = command(hostFor('Prosody v2'), ['holiday photo.jpg', 'a@v2.test'], {
      '--ca': '',
    })
    assertFailed(await runCommand(argv, place), /not trusted .*--ca FILE/u)
  })

  for (const mode of MODES) {
    test(`a file sent through ${mode} reaches another account, byte for byte`, async () => {
      const host = hostFor(mode)
      const reader = await readerOn(host)
      const { code, out, err } = await sent(reader.jid, {}, mode)
      assert.equal(code, 0, err)
      const from = `profanity@${host.domain}`
      const link = await reader.nextLink(from, AbortSignal.timeout(LIMIT))
      assert.equal(`${link}\n`, out)
      await assertFile(link, file)
    })
  }

  test('as a program of its own it ends when the message is sent, and tells so in JSON', async () => {
    const host = hostFor('Prosody v2')
    const reader = await readerOn(host)
    await writeFile(join(folder, 'password'), `${PASSWORD}\n`)
    const over = { '--password-file': 'password', HFS_XMPP_PASSWORD: '' }
    const { argv, place } = command(host, ['holiday photo.jpg', reader.jid, '--json'], over)
    const { code, out, err } = await runCommand(argv, place)
    const link = await reader.nextLink(`profanity@${host.domain}`, AbortSignal.timeout(LIMIT))
    const expected = { ok: true, code: 'sent', url: link, size: file.size, to: reader.jid }
    assert.deepEqual([code, JSON.parse(out)], [0, expected], err)
  })

  test('what was stopped half-way goes on at the byte', async () => {
    const host = hostFor('Prosody file_share')
    const reader = await readerOn(host)
    const film = await sampleFile(folder, 'film.mp4', 20_000_000)
    const sending = command(host, ['film.mp4', reader.jid])
    const stop = new AbortController()
    const first = run(sending, stop.signal)
    await eventually('the connection is cut', async () => proxy.left() === 0 || undefined)
    stop.abort()
    const stopped = await first
    assert.match(stopped.err, /^Stopped\. The same command goes on from here\.$/mu)
    assert.deepEqual([stopped.code, stopped.out], [130, ''])
    const passed = proxy.passed()
    const { code, out, err } = await run(sending)
    assert.equal(code, 0, err)
    await assertFile(out.trim(), film)
    const again = proxy.passed() - passed
    assert.ok(again < film.size - 1_000_000, `${again} bytes were sent after ${passed}`)
  })

  test('an upload that the server doubts goes on with a new slot that nobody had to ask for', async () => {
    const host = hostFor('Prosody file_share')
    const reader = await readerOn(host)
    const film = await sampleFile(folder, 'far away.mp4', 20_000_000)
    const passed = travel.passed()
    travel.travelAfter(10_000_000, JAPAN)
    const { code, out, err } = await run(command(host, ['far away.mp4', reader.jid]))
    assert.equal(code, 0, err)
    await assertFile(out.trim(), film)
    const bytes = travel.passed() - passed
    assert.ok(bytes < film.size + 5_000_000, `${bytes} bytes were sent`)
    const audit = await readFile(join(server.folder, 'audit.jsonl'), 'utf8')
    assert.match(audit, /"event":"adopted"/u)
  })

  test('a message is sent although the connection died without a sign during the upload', async () => {
    const host = hostFor('Prosody v2')
    await using relay = await halfOpenRelay(host.port)
    const reader = await readerOn(host)
    const service = `xmpp://127.0.0.1:${relay.port}`
    const signal = AbortSignal.timeout(LIMIT)
    const jid = `profanity@${host.domain}`
    await using login = await logIn({ jid, password: PASSWORD, service }, signal)
    let uploading = 0
    const line = lifeline(login, () => performance.now() + uploading)
    relay.silence()
    uploading = 60_000
    await sendLink({ ...login, line }, { to: reader.jid, url: 'https://b.test/a', id: 'a' }, signal)
    assert.equal(await reader.nextLink(jid, signal), 'https://b.test/a')
  })

  test('a room is entered for the file and left again', async () => {
    const host = hostFor('Prosody v2')
    const room = `garden@${ROOMS}`
    await using owner = await roomOwner(host, `reader@${host.domain}`, room)
    const { code, out, err } = await run(
      command(host, ['holiday photo.jpg', room.toUpperCase(), '--groupchat']),
    )
    assert.equal(code, 0, err)
    await owner.departure
    assert.deepEqual(owner.heard.filter(Boolean), [out.trim()])
  })

  test('a bot answers a message with a picture', async () => {
    const host = hostFor('Prosody v2')
    const jid = `go-sendxmpp@${host.domain}`
    await using _bot = await startBot(folder, host, jid)
    const reader = await readerOn(host)
    await reader.upload(file.path, jid)
    const link = await reader.nextLink(jid, AbortSignal.timeout(LIMIT))
    const answer = await fetch(link, { signal: AbortSignal.timeout(LIMIT) })
    const bytes = Buffer.from(await answer.arrayBuffer())
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type'), bytes.toString('latin1', 1, 4)],
      [200, 'image/png', 'PNG'],
    )
  })

  test('a wrong password is told', async () => {
    for (const mode of ['Prosody v2', 'ejabberd']) {
      const outcome = await sent('reader@v2.test', { HFS_XMPP_PASSWORD: 'wrong' }, mode)
      assertFailed(outcome, /^error: The password of profanity@.* is wrong/mu)
    }
  })

  test('a failure is told in JSON, too', async () => {
    const argv = ['holiday photo.jpg', 'reader@v2.test', '--json']
    const wrong = { HFS_XMPP_PASSWORD: 'wrong' }
    const { code, out } = await run(command(hostFor('Prosody v2'), argv, wrong))
    const message = 'The password of profanity@v2.test is wrong, or there is no such account'
    assert.deepEqual([code, JSON.parse(out)], [1, { ok: false, code: 'login-failed', message }])
  })

  test('a host that is not there is told, and how to name another', async () => {
    const over = { '--jid': 'romeo@host.invalid', '--service': '' }
    assertFailed(await sent('a@host.invalid', over), /no host host\.invalid.*--service/u)
  })

  test('a server that is not there, or not that of the account, is told', async () => {
    const nobody = await sent('a@b.test', { '--service': 'xmpp://127.0.0.1:1' })
    assertFailed(nobody, /No XMPP server answers at 127\.0\.0\.1:1/u)
    const stranger = await sent('a@b.test', { '--jid': 'romeo@other.test' })
    assertFailed(stranger, /does not serve other\.test/u)
  })

  test('a server without an upload service is told', async () => {
    const outcome = await sent('reader@v2.test', { '--jid': `profanity@${BARE_DOMAIN}` })
    assertFailed(outcome, /bare\.test has no upload service \(XEP-0363\)/u)
  })

  test('a file that is too large is told, with the limit', async () => {
    const path = join(folder, 'disk.img')
    await using image = await open(path, 'w')
    await image.truncate(201 * 1024 * 1024)
    for (const mode of ['Prosody v1', 'ejabberd']) {
      const outcome = await run(command(hostFor(mode), [path, 'reader@v2.test']))
      assertFailed(outcome, /too large: the upload service takes at most 200 MiB/u)
    }
  })

  test('somebody who is not there is told, or a room, and the link of the file', async () => {
    const user = await sent('nobody@v2.test', {})
    assertFailed(user, /nobody@v2\.test did not get the message .* http:\/\/127/u)
    const argv = ['holiday photo.jpg', `cellar@${ROOMS}`, '--groupchat']
    const room = await run(command(hostFor('Prosody v2'), argv))
    assertFailed(room, /There is no room cellar@rooms\.v2\.test\. .* is there: http:\/\/127/u)
  })

  test('that the package that speaks XMPP is missing is told, and how to install it', async () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({
        resolve(name, context, next) {
          if (!name.startsWith('@xmpp/')) return next(name, context)
          throw Object.assign(new Error('missing'), { code: 'ERR_MODULE_NOT_FOUND' })
        },
      })`
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`
    const argv = ['holiday photo.jpg', 'reader@v2.test']
    const { place, ...missing } = command(hostFor('Prosody v2'), argv, { NODE_OPTIONS })
    const outcome = await runCommand(missing.argv, place)
    assertFailed(outcome, /not installed; run: npm install @xmpp\/client/u)
  })
})
