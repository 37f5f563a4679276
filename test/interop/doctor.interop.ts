/** The doctor before real servers: nothing is wrong with a right deployment, and each planted mistake is found. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Outcome, runCli } from '../cli/cli-run.ts'
import { runCommand } from './command-run.ts'
import {
  PREFIX,
  PROXY_ADDRESS,
  type Place,
  type Planted,
  openedPlace,
  serverFor,
  siteOf,
} from './doctor-place.ts'
import type { FileServer } from './file-server.ts'
import { startCaddy, startHaproxy, startNginx } from './front-proxy.ts'
import { MISTAKES } from './planted-mistakes.ts'
import { PASSWORD, hostOf } from './xmpp-server.ts'

/** What the doctor says, as its JSON has it. */
interface Report {
  readonly ok: boolean
  readonly checks: readonly Told[]
}

interface Told {
  readonly name: string
  readonly kind: string
  readonly text: string
  readonly remedies: readonly { readonly where: string; readonly lines: readonly string[] }[]
}

describe('doctor', () => {
  const stack = new AsyncDisposableStack()
  let place: Place

  before(async () => {
    place = await openedPlace(stack)
  })
  after(async () => await stack.disposeAsync())

  test('everything is tried and right with nginx at two addresses, TLS, Prosody and our server as init connects them', async () => {
    const right = { addresses: ['127.0.0.1', '::1'], xmpp: 'Prosody v2', nginx: bothKinds }
    const { ok, checks } = await diagnosis(place, right, asProgram)
    const shown = checks.map(({ name, kind, text }) => `${kind} ${name}: ${text}`).join('\n')
    assert.ok(ok, shown)
    const unfit = checks.filter(({ kind }) => !['ok', 'note'].includes(kind))
    assert.deepEqual(unfit, [], shown)
    assert.match(shown, /^ok clock: .*the server agrees, the XMPP server agrees$/mu)
    for (const name of [
      'names',
      'reach',
      'tls',
      'addresses',
      'same-server',
      'resume',
      'takeover',
    ]) {
      const line = shown.split('\n').find((one) => one.startsWith(`ok ${name}: `)) ?? ''
      assert.match(line, /127\.0\.0\.1.*::1|::1.*127\.0\.0\.1/u, name)
    }
  })

  for (const [proxy, start] of Object.entries({ Caddy: startCaddy, HAProxy: startHaproxy })) {
    test(`nothing is wrong with ${proxy} as init configures it`, async () => {
      await using _proxy = await start(siteOf(place, {}))
      const { ok, checks } = reportIn((await here(argvFor(place, {}, place.right), place)).out)
      assert.ok(ok, JSON.stringify(checks, null, 2))
      assert.ok(checks.some(({ name, kind }) => name === 'streaming' && kind === 'ok'))
    })
  }

  test('Caddy takes 1 MB, and learns by counting that a body has more: body-limit fails', async () => {
    const handle = `handle ${PREFIX}* {`
    const limit = `${handle}\n\t\trequest_body {\n\t\t\tmax_size 1MB\n\t\t}`
    await using _caddy = await startCaddy(siteOf(place, {}), { [handle]: limit })
    const { checks } = reportIn((await here(argvFor(place, {}, place.right), place)).out)
    const [first] = checks.filter(({ kind }) => kind === 'failed')
    assert.equal(first?.name, 'body-limit', JSON.stringify(checks, null, 2))
    assert.match(first.text, /no file of 2 MiB/u)
    assert.deepEqual(
      first.remedies.map(({ where }) => where),
      ['Caddyfile: remove this'],
    )
  })

  test('without the configuration the slots of Prosody do for everything', async () => {
    await using _nginx = await startNginx(siteOf(place, {}))
    const account = accountFor(place, { xmpp: 'Prosody file_share' })
    const url = ['--url', place.right.publicUrl, '--ca', place.caFile]
    const { out } = await here(['doctor', '--json', ...url, ...account], place)
    const { ok, checks } = reportIn(out)
    const shown = JSON.stringify(checks, null, 2)
    assert.ok(ok, shown)
    for (const name of ['xmpp-slot', 'upload', 'resume', 'takeover']) {
      assert.equal(checks.find((one) => one.name === name)?.kind, 'ok', shown)
    }
  })

  for (const { what, planted, check, says, remedy } of MISTAKES) {
    test(`${what}: ${check} fails and names the remedy`, async () => {
      const { ok, checks } = await diagnosis(place, planted)
      assert.ok(!ok)
      const [first] = checks.filter(({ kind }) => kind === 'failed')
      assert.equal(first?.name, check, JSON.stringify(checks, null, 2))
      assert.match(first.text, says)
      const lines = first.remedies.flatMap(({ where, lines: paste }) => [where, ...paste])
      assert.match(lines.join('\n'), remedy)
    })
  }

  test('a public name with plain http: public-url fails and names the remedy', async () => {
    const url = 'http://upload.example.org/'
    const { code, out } = await here(['doctor', '--url', url, '--json'], place)
    assert.equal(code, 1)
    const [first] = reportIn(out).checks
    assert.equal(first?.kind, 'failed')
    assert.match(first.text, /phones need https/u)
    assert.match(first.remedies[0]?.lines.join('\n') ?? '', /public_url = "https:/u)
  })
})

/** nginx listens at ::1, too. */
function bothKinds({ port }: Place): Readonly<Record<string, string>> {
  const first = `listen 127.0.0.1:${port} ssl http2;`
  return { [first]: `${first} listen [::1]:${port} ssl http2;` }
}

/** How the doctor is called. */
type Run = (argv: readonly string[], place: Place) => Promise<Outcome>

/** As a program of its own, which is slow to start. */
async function asProgram(argv: readonly string[], { folder }: Place): Promise<Outcome> {
  const env = { HFS_XMPP_PASSWORD: PASSWORD }
  return await runCommand(argv, { cwd: folder.path, env })
}

function neverStopped(): AbortSignal {
  return new AbortController().signal
}

async function here(argv: readonly string[], { folder }: Place): Promise<Outcome> {
  const env = { HFS_XMPP_PASSWORD: PASSWORD }
  return await runCli(argv, folder.path, { env, stopRequested: neverStopped })
}

/** Puts nginx with a mistake in front, and asks the doctor. */
async function diagnosis(place: Place, planted: Planted, run: Run = here): Promise<Report> {
  const site = siteOf(place, planted)
  const changes = { 'proxy_buffering off;': `proxy_buffering off; proxy_bind ${PROXY_ADDRESS};` }
  await using _nginx = await startNginx(site, undefined, { ...changes, ...planted.nginx?.(place) })
  const { out, err } = await run(
    argvFor(place, planted, serverFor(place, planted) ?? place.right),
    place,
  )
  assert.equal(err, '')
  return reportIn(out)
}

function argvFor(place: Place, planted: Planted, { folder }: FileServer): readonly string[] {
  const config = ['--config', join(folder, 'config.toml')]
  const addresses = (planted.addresses ?? []).flatMap((address) => ['--address', address])
  const account = accountFor(place, planted)
  return ['doctor', '--json', '--ca', place.caFile, ...config, ...addresses, ...account]
}

function accountFor(place: Place, { xmpp, domain, prosody }: Planted): readonly string[] {
  if (xmpp === undefined) return []
  const host = hostOf(prosody?.(place) ?? place.prosody, xmpp)
  const jid = `slixmpp@${domain ?? host.domain}`
  return ['--jid', jid, '--service', `xmpp://127.0.0.1:${host.port}`]
}

function reportIn(out: string): Report {
  const report: unknown = JSON.parse(out)
  assert.ok(isReport(report), out)
  return report
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'ok' in value && 'checks' in value
}
