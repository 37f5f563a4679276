/** The doctor before real servers: nothing is wrong with a right deployment, and each planted mistake is found. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Outcome, runCli } from '../cli/cli-run.ts'
import { runCommand } from './command-run.ts'
import { type FileServer, startFileServer } from './file-server.ts'
import { freePort } from './free-ports.ts'
import { startCaddy, startHaproxy, startNginx } from './front-proxy.ts'
import { BARE_DOMAIN, startProsody } from './prosody.ts'
import { type ProxySite, frontUrl } from './proxies/proxy-site.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'
import { type Certificate, throwawayCa } from './throwaway-ca.ts'
import { PASSWORD, type XmppServer, hostOf } from './xmpp-server.ts'

const PREFIX = '/upload/'

/** nginx speaks to our server from an address of its own, so that the test is a stranger. */
const PROXY_ADDRESS = '127.0.0.9'

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

/** What is wrong: in the certificate, in nginx, behind it, at the XMPP server. */
interface Planted {
  readonly certificate?: (place: Place) => Certificate
  readonly nginx?: (place: Place) => Readonly<Record<string, string>>
  /** The server of files; without one nothing stands behind nginx. */
  readonly server?: (place: Place) => FileServer | undefined
  /** The mode of the XMPP host that is logged in to; without one nobody logs in. */
  readonly xmpp?: string
  /** Another domain of the same server. */
  readonly domain?: string
  /** The XMPP server; default: the right one. */
  readonly prosody?: (place: Place) => XmppServer
  /** What the host's name leads to. */
  readonly addresses?: readonly string[]
}

/** All that the cases share. */
interface Place {
  readonly folder: TempFolder
  /** The authorities of the proxies' certificates and of Prosody's, in one file. */
  readonly caFile: string
  readonly port: number
  readonly right: FileServer
  /** Its secrets are others than Prosody's, and `v1` is off. */
  readonly strange: FileServer
  /** Its process takes it to be five minutes later than it is. */
  readonly early: FileServer
  readonly certificates: Readonly<Record<'right' | 'other' | 'expired', Certificate>>
  readonly prosody: XmppServer
  /** Its process takes it to be five minutes earlier than it is. */
  readonly lateProsody: XmppServer
  readonly deadPort: number
}

/** A clock that is five minutes fast, for everything that runs in Node.js and asks it. */
const FAST_CLOCK = {
  NODE_OPTIONS: '--import=data:text/javascript,const{now}=Date;Date.now=()=>now.call(Date)+300000',
}

/** A clock that is five minutes slow, for everything that Lua asks. */
const SLOW_CLOCK = {
  LUA_INIT:
    'local date, time = os.date, os.time; os.date = function(f, t) return date(f, (t or time()) - 300) end',
}

/** Two addresses of the host, of which nginx listens at the first. */
const TWO = ['127.0.0.1', '127.0.0.3']

/** nginx listens at the second address, too. */
function atBoth({ port }: Place): Readonly<Record<string, string>> {
  const first = `listen 127.0.0.1:${port} ssl http2;`
  return { [first]: `${first} listen ${TWO[1]}:${port} ssl http2;` }
}

/** Lines of nginx' `http { }`, before its servers. */
function inHttp(...lines: readonly string[]): Readonly<Record<string, string>> {
  const first = 'client_body_temp_path'
  return { [first]: `${lines.join(' ')} ${first}` }
}

/** nginx' way to the right server becomes another one. */
function passing({ right }: Place, to: string): Readonly<Record<string, string>> {
  return { [`proxy_pass http://127.0.0.1:${right.port};`]: `proxy_pass http://${to};` }
}

/** In a location, behind what every proxy to us has. */
const LAST = 'send_timeout 300s;'

const CASES: readonly {
  readonly what: string
  readonly planted: Planted
  /** The first check that fails. */
  readonly check: string
  readonly says: RegExp
  readonly remedy: RegExp
}[] = [
  {
    what: 'another secret than Prosody has',
    planted: { server: ({ strange }) => strange, xmpp: 'Prosody v2' },
    check: 'xmpp-slot',
    says: /signed by scheme v2.*the secrets differ/u,
    remedy:
      /mod_http_upload_external: the same text as grants\.v2_secret\nhttp_upload_external_secret = /u,
  },
  {
    what: 'Prosody signs v1, the server accepts only v2 and jwt',
    planted: { server: ({ strange }) => strange, xmpp: 'Prosody v1' },
    check: 'xmpp-slot',
    says: /signs v1, the server accepts only v2/u,
    remedy: /http_upload_external_protocol = "v2"[^]*v1_secret = /u,
  },
  {
    what: 'nginx takes 1 MiB',
    planted: { nginx: () => ({ 'client_max_body_size 0;': 'client_max_body_size 1m;' }) },
    check: 'body-limit',
    says: /413 by nginx.*200 MiB/u,
    remedy: /nginx, inside location \/upload\/\nclient_max_body_size 0;/u,
  },
  {
    what: 'nginx collects bodies',
    planted: { nginx: () => ({ 'proxy_request_buffering off;': 'proxy_request_buffering on;' }) },
    check: 'streaming',
    says: /keeps bodies back/u,
    remedy: /proxy_request_buffering off;/u,
  },
  {
    what: 'nginx strips the prefix',
    planted: {
      nginx: ({ right }) => {
        const line = `proxy_pass http://127.0.0.1:${right.port}`
        return { [`${line};`]: `${line}/;` }
      },
    },
    check: 'prefix',
    says: /strips \/upload\//u,
    remedy: /proxy_pass http:\/\/127\.0\.0\.1:\d+; .*not even a slash/u,
  },
  {
    what: 'the certificate of another host',
    planted: { certificate: ({ certificates }) => certificates.other },
    check: 'tls',
    says: /is for other\.test, not for localhost/u,
    remedy: /server_name localhost[^]*ssl_certificate .*fullchain\.pem;/u,
  },
  {
    what: 'an expired certificate',
    planted: { certificate: ({ certificates }) => certificates.expired },
    check: 'tls',
    says: /has expired/u,
    remedy: /certbot renew/u,
  },
  {
    what: 'nginx answers OPTIONS by itself',
    planted: {
      nginx: () => ({ [LAST]: `${LAST} if ($request_method = OPTIONS) { return 204; }` }),
    },
    check: 'cors',
    says: /OPTIONS \(204 by nginx.*no Access-Control-Allow-Origin/u,
    remedy: /remove what is like these[^]*return 204/u,
  },
  {
    what: 'nginx drops the fields of CORS',
    planted: {
      nginx: () => ({ [LAST]: `${LAST} proxy_hide_header Access-Control-Expose-Headers;` }),
    },
    check: 'cors',
    says: /there is no access-control-expose-headers/u,
    remedy: /proxy_hide_header/u,
  },
  {
    what: 'nginx takes Range away',
    planted: { nginx: () => ({ [LAST]: `${LAST} proxy_set_header Range "";` }) },
    check: 'range',
    says: /the answer is 200 by nginx/u,
    remedy: /proxy_set_header Range \$http_range;/u,
  },
  {
    what: 'nothing stands behind nginx',
    planted: { server: () => undefined },
    check: 'gateway',
    says: /502 by nginx/u,
    remedy: /systemctl status hmac-file-server[^]*proxy_pass/u,
  },
  {
    what: 'Prosody announces no upload service',
    planted: { xmpp: 'Prosody v2', domain: BARE_DOMAIN },
    check: 'service',
    says: /bare\.test announces no upload service/u,
    remedy: /Component "upload\.bare\.test" "http_upload_external"\n.*base_url = "https:/u,
  },
  {
    what: 'nginx believes what clients say of their address',
    planted: {
      nginx: () => ({ $proxy_add_x_forwarded_for: '$http_x_forwarded_for' }),
    },
    check: 'forwarded',
    says: /invents 203\.0\.113\.7 is believed/u,
    remedy: /X-Forwarded-For \$proxy_add_x_forwarded_for;/u,
  },
  {
    what: 'nginx spreads requests over two servers that share nothing',
    planted: {
      nginx: (place) => ({
        ...inHttp(
          `upstream both { server 127.0.0.1:${place.right.port}; server 127.0.0.1:${place.strange.port}; }`,
        ),
        ...passing(place, 'both'),
      }),
    },
    check: 'same-server',
    says: /[1-6] of 6 requests for the file that was just uploaded did not find it.*do not share/u,
    remedy: /proxy_pass stands: one server[^]*backend = "redis"[^]*storage\.url/u,
  },
  {
    what: 'the upload resources lead to another server',
    planted: {
      nginx: (place) => ({
        ...inHttp(
          `map $uri $server_of_it { ~^/upload/-/uploads/ 127.0.0.1:${place.strange.port}; default 127.0.0.1:${place.right.port}; }`,
        ),
        ...passing(place, '$server_of_it'),
      }),
    },
    check: 'streaming',
    says: /PATCH.*404.*just created is not known there/u,
    remedy: /backend = "redis"/u,
  },
  {
    what: 'nginx counts the requests that go on with an upload',
    planted: {
      nginx: () => ({
        ...inHttp(
          'map $request_method $comer { PATCH $binary_remote_addr; }',
          'limit_req_zone $comer zone=comers:64k rate=4r/m;',
        ),
        [LAST]: `${LAST} limit_req zone=comers;`,
      }),
    },
    check: 'resume',
    says: /PATCH, by which an upload goes on, is answered with 503 by nginx/u,
    remedy: /inside location \/upload\/\n# remove limit_conn and limit_req/u,
  },
  {
    what: 'nginx lets a client upload by one connection only',
    planted: {
      nginx: () => ({
        ...inHttp(
          'map $request_method $uploader { PUT $binary_remote_addr; }',
          'limit_conn_zone $uploader zone=uploaders:64k;',
        ),
        [LAST]: `${LAST} limit_conn uploaders 1;`,
      }),
    },
    check: 'takeover',
    says: /the second PUT was answered with 503 by nginx/u,
    remedy: /inside location \/upload\/\n# remove limit_conn and limit_req/u,
  },
  {
    what: "the server's clock is five minutes fast",
    planted: { server: ({ early }) => early },
    check: 'clock',
    says: /nginx\S* agrees, the server \+(?:299|30\d) s/u,
    remedy: /whose clock is wrong: the server, or this one\ntimedatectl set-ntp true/u,
  },
  {
    what: "Prosody's clock is five minutes slow",
    planted: { prosody: ({ lateProsody }) => lateProsody, xmpp: 'Prosody v2' },
    check: 'clock',
    says: /the server agrees, the XMPP server -(?:299|30\d) s/u,
    remedy: /whose clock is wrong: the XMPP server, or this one\ntimedatectl set-ntp true/u,
  },
  {
    what: 'nginx listens at one of two addresses',
    planted: { addresses: TWO },
    check: 'reach',
    says: /does not accept connections \(127\.0\.0\.3: ECONNREFUSED\)/u,
    remedy: /ss -ltn/u,
  },
  {
    what: 'at the second address nginx has another site',
    planted: {
      addresses: TWO,
      nginx: (place) => ({
        ...atBoth(place),
        [LAST]: `${LAST} if ($server_addr = ${TWO[1]}) { return 404; }`,
      }),
    },
    check: 'addresses',
    says: /at 127\.0\.0\.3 it is not the server that answers \(404 by nginx/u,
    remedy: /listen 443 ssl;[^]*remove this\nlocalhost\. IN A 127\.0\.0\.3/u,
  },
  {
    what: 'the second address leads to a server that shares nothing with the first',
    planted: {
      addresses: TWO,
      nginx: (place) => ({
        ...atBoth(place),
        ...inHttp(
          `map $server_addr $server_of_it { ${TWO[1]} 127.0.0.1:${place.strange.port}; default 127.0.0.1:${place.right.port}; }`,
        ),
        ...passing(place, '$server_of_it'),
      }),
    },
    check: 'same-server',
    says: /3 of 6 requests .* did not find it \(404 by nginx\S* at 127\.0\.0\.3\)/u,
    remedy: /backend = "redis"/u,
  },
]

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

  for (const { what, planted, check, says, remedy } of CASES) {
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

async function openedPlace(stack: AsyncDisposableStack): Promise<Place> {
  const folder = stack.use(await tempFolder('doctor'))
  const port = await freePort()
  const publicUrl = frontUrl({ port, prefix: PREFIX })
  const { caFile: proxyCa, issue } = await throwawayCa(folder.path)
  const server = { trusted_proxies: [`${PROXY_ADDRESS}/32`] }
  const [prosody, lateProsody, right, early] = await Promise.all([
    startProsody(publicUrl),
    startProsody(publicUrl, SLOW_CLOCK),
    startFileServer({ publicUrl, config: { server } }),
    startFileServer({ publicUrl, config: { server }, env: FAST_CLOCK }),
  ])
  for (const one of [prosody, lateProsody, right, early]) stack.use(one)
  const theirs = [prosody, lateProsody].map((one) => hostOf(one, 'Prosody v2').caFile)
  const authorities = [proxyCa, ...theirs]
  const caFile = join(folder.path, 'authorities.pem')
  await writeFile(caFile, await textOf(authorities))
  const grants = { v1_secret: undefined, v2_secret: 'another-secret-than-the-one' }
  const strange = stack.use(await startFileServer({ publicUrl, config: { server, grants } }))
  return {
    folder,
    caFile,
    port,
    right,
    strange,
    early,
    certificates: {
      right: await issue(['localhost'], 90),
      other: await issue(['other.test'], 90),
      expired: await issue(['expired.test', 'localhost'], -1),
    },
    prosody,
    lateProsody,
    deadPort: await freePort(),
  }
}

async function textOf(files: readonly string[]): Promise<string> {
  return (await Promise.all(files.map(async (file) => await readFile(file, 'utf8')))).join('')
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

function siteOf(place: Place, planted: Planted): ProxySite {
  const { certificate = ({ certificates }) => certificates.right } = planted
  return {
    port: place.port,
    upstream: `127.0.0.1:${serverFor(place, planted)?.port ?? place.deadPort}`,
    prefix: PREFIX,
    certificate: certificate(place),
    folder: place.folder.path,
  }
}

function serverFor(
  place: Place,
  { server = ({ right }) => right }: Planted,
): FileServer | undefined {
  return server(place)
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
