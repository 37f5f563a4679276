import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { NODE_OPTIONS } from '../../src/cli/node-options.ts'
import { caddy, haproxy, nginx, nginxFiles } from '../../src/cli/snippets/proxies.ts'
import { componentName, type Site } from '../../src/cli/snippets/site.ts'
import { systemdUnit } from '../../src/cli/snippets/systemd.ts'
import { ejabberd, prosodyExternal, prosodyFileShare } from '../../src/cli/snippets/xmpp-servers.ts'
import { parseSlotPath } from '../../src/core/slot-path.ts'
import { CROSS_ORIGIN } from '../../src/http/cross-origin.ts'
import { fileHeads } from '../../src/protocols/download/file-head.ts'
import { runCli, temporaryFolder } from './cli-run.ts'

const SITE: Site = {
  publicUrl: new URL('https://upload.example.org/share/'),
  secret: 'quote"back\\slash',
  upstream: '127.0.0.1:5050',
  maxFileSize: 1000,
}

test('a secret with quotes stays one text in Lua and YAML', () => {
  assert.ok(prosodyExternal(SITE).text.includes('_secret = "quote\\"back\\\\slash"\n'))
  assert.ok(prosodyFileShare(SITE).text.includes('_secret = "quote\\"back\\\\slash"\n'))
  assert.ok(ejabberd(SITE).text.includes('external_secret: "quote\\"back\\\\slash"\n'))
})

test('the component is called upload.<host>, once', () => {
  assert.equal(componentName(SITE), 'upload.example.org')
  const publicUrl = new URL('https://example.org/share/')
  assert.equal(componentName({ ...SITE, publicUrl }), 'upload.example.org')
})

test('an address or localhost is no domain of a component: the operator is told to write one', () => {
  for (const host of ['127.0.0.1', '[::1]', '192.0.2.7', 'localhost']) {
    const site = { ...SITE, publicUrl: new URL(`http://${host}:5050/`) }
    assert.equal(componentName(site), 'upload.REPLACE-BY-YOUR-XMPP-DOMAIN')
    assert.match(prosodyFileShare(site).text, /^Component "upload\.REPLACE-BY-YOUR-XMPP-DOMAIN" /u)
    assert.match(ejabberd(site).text, /host: "upload\.@HOST@"\n/u)
  }
})

test('proxies reach a UNIX socket in their own way of writing it', () => {
  const site = { ...SITE, upstream: 'unix:/run/hfs.sock' }
  assert.match(nginx(site).text, /proxy_pass http:\/\/unix:\/run\/hfs\.sock;/u)
  assert.match(caddy(site).text, /reverse_proxy unix\/\/run\/hfs\.sock /u)
  assert.match(haproxy(site).text, /server hmac-file-server unix@\/run\/hfs\.sock/u)
})

test('no proxy logs the query, which carries the signature', () => {
  assert.ok(!/\$request[ "]|\$request_uri/u.test(nginx(SITE).text))
  assert.ok(!/%r|%HU|%HQ/u.test(haproxy(SITE).text))
  assert.match(caddy(SITE).text, /request>uri regexp/u)
})

/** What nginx keeps of our answer by itself, or makes anew, when it sends the file (X-Accel-Redirect). */
const NGINX_OWN = ['content-type', 'content-disposition', 'cache-control', 'etag', 'last-modified']

test('nginx that sends a file itself says about it all that we say', () => {
  const { text } = nginxFiles({ prefix: '/-files/', folder: '/srv/files' })
  const path = parseSlotPath('a/b.svg')
  const file = { id: 'id', path, size: 1, contentType: 'image/svg+xml', publishedAt: 0 }
  const ours = Object.keys({ ...fileHeads(() => 0)(file).description, ...CROSS_ORIGIN })
    .map((name) => name.toLowerCase())
    .filter((name) => !NGINX_OWN.includes(name))
  const repeated = [...text.matchAll(/add_header (\S+) \$upstream_http_(\w+);/gu)]
  assert.deepEqual(repeated.map(([, name = '']) => name.toLowerCase()).toSorted(), ours.toSorted())
  for (const [, name = '', variable] of repeated) {
    assert.equal(name.toLowerCase().replaceAll('-', '_'), variable)
  }
  assert.match(text, /^ {8}internal;\n {8}alias \/srv\/files\/;$/mu)
})

test('the systemd unit gives the service one folder to write to', () => {
  const paths = { node: '/usr/bin/node', program: '/opt/a b/p.js', configFile: '/etc/hfs.toml' }
  const unit = systemdUnit({ ...paths, dataFolder: '/srv/100%' })
  assert.match(
    unit,
    /^ExecStart=\/usr\/bin\/node --max-semi-space-size=\d+ "\/opt\/a b\/p\.js" serve --config \/etc\/hfs\.toml$/mu,
  )
  assert.match(unit, /^ReadWritePaths=\/srv\/100%%$/mu)
  assert.ok(
    !systemdUnit({ ...paths, dataFolder: '/var/lib/hmac-file-server' }).includes('ReadWrite'),
  )
})

test('npm starts the server with the options of Node.js that a service gets', async () => {
  const text = await readFile(join(import.meta.dirname, '../../package.json'), 'utf8')
  const command = `node ${NODE_OPTIONS.join(' ')} bin/hmac-file-server.js serve`
  assert.ok(NODE_OPTIONS.length > 0 && text.includes(`"start": ${JSON.stringify(command)}`))
})

test('systemd finds nothing wrong with the unit', async (t) => {
  const analyze = '/usr/bin/systemd-analyze'
  if (!existsSync(analyze)) return t.skip('there is no systemd here')
  const folder = await temporaryFolder(t)
  const { out } = await runCli(['init', '--systemd'], folder)
  const file = join(folder, 'hmac-file-server.service')
  await writeFile(file, out)
  const { status, stderr } = spawnSync(analyze, ['verify', '--man=no', file], { encoding: 'utf8' })
  assert.deepEqual([status, stderr], [0, ''])
})
