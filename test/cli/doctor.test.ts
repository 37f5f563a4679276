import assert from 'node:assert/strict'
import test from 'node:test'
import { SECRETS, type SecretName, type Site, startSite } from '../app/site.ts'
import type { Outcome } from './cli-run.ts'
import { doctor, partOf } from './doctor-run.ts'
import { type Wrongs, startWrongProxy } from './wrong-proxy.ts'

const PREFIX = '/upload/'

/** A server behind a proxy that does something wrong, or nothing. */
interface Place extends AsyncDisposable {
  readonly site: Site
  /** What `doctor` is told of it, beside secrets. */
  readonly settings: readonly string[]
}

async function placeWith(wrongs: Wrongs, options: readonly string[] = []): Promise<Place> {
  await using stack = new AsyncDisposableStack()
  let port = 0
  const proxy = stack.use(await startWrongProxy(() => port, wrongs))
  const settings = [`server.public_url=http://127.0.0.1:${proxy.port}${PREFIX}`, ...options]
  const site = stack.use(await startSite(settings))
  ;({ port } = site)
  const kept = stack.move()
  return { site, settings, [Symbol.asyncDispose]: async () => await kept.disposeAsync() }
}

/** Runs the doctor with the configuration of a place, and the secrets of some schemes. */
async function examined(
  { site, settings }: Place,
  { secrets = ['v2'], flags = [] }: { secrets?: readonly SecretName[]; flags?: string[] } = {},
): Promise<Outcome> {
  const known = secrets.map((name) => `grants.${name}_secret=${SECRETS[name]}`)
  const set = [...settings, ...known].flatMap((setting) => ['--set', setting])
  return await doctor(site.folder, [...set, ...flags])
}

test('nothing is wrong with a deployment that is right', async () => {
  await using place = await placeWith({})
  const { code, out } = await examined(place)
  assert.equal(code, 0, out)
  assert.doesNotMatch(out, /^(?:failed|warning)/mu)
  for (const name of ['upload', 'streaming', 'resume', 'takeover', 'range', 'cors']) {
    assert.match(partOf(out, name), /^ok/u)
  }
  assert.match(out, /\nNothing wrong was found: \d+ ok/u)
})

test('files that are signed by jwt are removed after an hour, and the doctor says so', async () => {
  await using place = await placeWith({})
  const { code, out } = await examined(place, { secrets: ['jwt', 'v1'] })
  assert.equal(code, 0, out)
  assert.match(
    partOf(out, 'leftovers'),
    /5 small files stay, and are removed in 60 minutes at the latest/u,
  )
})

/** Takes one name out of the list in a field. */
function without(field: string, name: string): NonNullable<Wrongs['answered']> {
  return (headers) => ({ ...headers, [field]: String(headers[field]).replace(name, 'X-Other') })
}

/** What is wrong, which check finds it, and what its remedy says. */
const WRONGS: readonly {
  readonly what: string
  readonly wrongs: Wrongs
  readonly found: string
  readonly says: RegExp
}[] = [
  {
    what: 'a proxy without a server behind it',
    wrongs: { answers: () => 502 },
    found: 'gateway',
    says: /502 by nginx.*does not answer[^]*systemctl status[^]*proxy_pass http:\/\/127\.0\.0\.1/u,
  },
  {
    what: 'a proxy that strips the prefix',
    wrongs: { path: (path) => path.replace(PREFIX, '/') },
    found: 'prefix',
    says: /strips \/upload\/[^]*proxy_pass .*not even a slash/u,
  },
  {
    what: 'a proxy that doubles the prefix',
    wrongs: { path: (path) => path.replace(PREFIX, `${PREFIX}upload/`) },
    found: 'prefix',
    says: /gets another path than was asked for[^]*location \/upload\//u,
  },
  {
    what: 'a proxy that answers OPTIONS itself',
    wrongs: { answers: ({ method }) => (method === 'OPTIONS' ? 204 : undefined) },
    found: 'cors',
    says: /OPTIONS \(204 by nginx.*no Access-Control-Allow-Origin[^]*remove/u,
  },
  {
    what: 'a proxy that adds a second permission',
    wrongs: { answered: (headers) => ({ ...headers, 'access-control-allow-origin': '*, *' }) },
    found: 'cors',
    says: /“\*, \*”, which browsers refuse/u,
  },
  {
    what: 'a proxy that lets pages send fewer fields than clients do',
    wrongs: { answered: without('access-control-allow-headers', 'X-Challenge-Response') },
    found: 'cors',
    says: /access-control-allow-headers lacks X-Challenge-Response/u,
  },
  {
    what: 'a proxy that lets pages read fewer fields than clients do',
    wrongs: { answered: without('access-control-expose-headers', 'X-Resume') },
    found: 'cors',
    says: /access-control-expose-headers lacks X-Resume/u,
  },
  {
    what: 'a proxy that takes small bodies only',
    wrongs: {
      answers: ({ headers }) => (Number(headers['content-length']) > 2 ** 20 ? 413 : undefined),
    },
    found: 'body-limit',
    says: /413 by nginx[^]*client_max_body_size 0;/u,
  },
  {
    what: 'a proxy that counts the bytes of a body, and takes 1 MB',
    wrongs: { most: 1_000_000 },
    found: 'body-limit',
    says: /413 by nginx.* no file of 2 MiB through[^]*client_max_body_size 0;/u,
  },
  {
    what: 'a proxy that keeps bodies back',
    wrongs: { buffers: () => true },
    found: 'streaming',
    says: /keeps bodies back[^]*proxy_request_buffering off;/u,
  },
  {
    what: 'a proxy that takes Range away',
    wrongs: { asked: ({ range: _range, ...headers }) => headers },
    found: 'range',
    says: /the answer is 200[^]*proxy_set_header Range/u,
  },
  {
    what: 'a proxy that compresses downloads',
    wrongs: {
      answered: ({ etag, ...headers }) => ({ ...headers, ...(etag && { etag: `W/${etag}` }) }),
    },
    found: 'download',
    says: /no strong ETag[^]*gzip off;/u,
  },
  {
    what: 'a proxy that shows uploaded pages',
    wrongs: { answered: ({ 'content-disposition': _inline, ...headers }) => headers },
    found: 'safe-types',
    says: /lacks Content-Disposition: attachment/u,
  },
  {
    what: 'a proxy that drops the query',
    wrongs: { path: (path) => path.replace(/\?.*/u, '') },
    found: 'upload',
    says: /credential of the slot does not arrive[^]*Authorization/u,
  },
  {
    what: 'a proxy that refuses a method',
    wrongs: { answers: ({ method }) => (method === 'PATCH' ? 405 : undefined) },
    found: 'streaming',
    says: /PATCH, by which an upload goes on, is answered with 405 by nginx[^]*limit_except/u,
  },
  {
    what: 'a proxy that stumbles over an upload that asks for 104',
    wrongs: {
      answers: ({ method, headers }) =>
        method === 'PUT' && headers['upload-complete'] === '?1' ? 502 : undefined,
    },
    found: 'interim',
    says: /asks for 104 is answered with 502 by nginx[^]*interim_104 = "auto"/u,
  },
  {
    what: 'a proxy whose clock is wrong',
    wrongs: { answered: (headers) => ({ ...headers, date: 'Thu, 01 Jan 2026 00:00:00 GMT' }) },
    found: 'clock',
    says: /what answers -\d+ s, the server agrees[^]*timedatectl/u,
  },
]

for (const { what, wrongs, found, says } of WRONGS) {
  test(`the doctor finds ${what}, and says what to change`, async () => {
    await using place = await placeWith(wrongs)
    const { code, out } = await examined(place)
    assert.equal(code, 1, out)
    assert.match(partOf(out, found), /^failed/u)
    assert.match(partOf(out, found), says)
  })
}

test('a PUT that the server does not answer itself gets nothing through', async () => {
  await using place = await placeWith({
    answers: ({ method }) => (method === 'PUT' ? 502 : undefined),
  })
  const url = place.settings[0]?.replace(/^.*=/u, '') ?? ''
  const { code, out } = await doctor(place.site.folder, ['--url', url])
  assert.equal(code, 1, out)
  assert.match(partOf(out, 'body-limit'), /^failed.*PUT is answered with 502 by nginx/u)
})

test('where the proxy keeps bodies back, no newer connection has won', async () => {
  const options = ['network_resilience.upload_resumption=false']
  await using place = await placeWith({ buffers: () => true }, options)
  const { out } = await examined(place)
  assert.match(partOf(out, 'streaming'), /^skipped/u)
  assert.match(partOf(out, 'takeover'), /^warning.*the first one was left open/u)
})

test('an upload that goes on at byte 0 was not resumed', async () => {
  const resumed = String(384 * 1024)
  await using place = await placeWith({
    buffers: ({ headers }) => headers['content-length'] === resumed,
  })
  const { out } = await examined(place)
  assert.match(partOf(out, 'streaming'), /^ok/u)
  assert.match(partOf(out, 'resume'), /^warning.*nothing of the \d+ bytes/u)
})

test('what a proxy says of itself commands no terminal', async () => {
  await using place = await placeWith({
    answered: (headers) => ({ ...headers, server: 'evil\u009b2J' }),
  })
  const flags: readonly (readonly string[])[] = [[], ['--json']]
  for (const given of flags) {
    const { out } = await examined(place, { flags: [...given] })
    assert.match(out, /evil�2J answers/u)
  }
})
