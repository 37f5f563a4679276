import assert from 'node:assert/strict'
import test from 'node:test'
import { advice } from '../../src/config/advice.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { editDistance, nearest } from '../../src/config/nearest.ts'
import { lineOf } from '../../src/config/source-line.ts'

function adviceFor(...flags: readonly string[]): string {
  const all = ['grants.v2_secret=kQ8yVnZ2rT5wX1aB', ...flags]
  return advice(loadConfig({ env: {}, flags: all, cwd: '/' }).config).join('\n')
}

test('an http public URL is reported, because phones refuse it', () => {
  assert.match(adviceFor(), /phones and several desktop clients refuse http/u)
  assert.equal(adviceFor('server.public_url=https://example.org/'), '')
})

test('a listener open to other machines with a public URL of this machine or without TLS is reported', () => {
  const open = 'server.listen=0.0.0.0:5050'
  assert.match(adviceFor(open), /names this machine only/u)
  assert.match(adviceFor(open, 'server.public_url=http://example.org/'), /unencrypted/u)
  assert.equal(adviceFor(open, 'server.public_url=https://example.org/'), '')
})

test('a limit per owner below the largest file is reported', () => {
  const url = 'server.public_url=https://example.org/'
  assert.match(adviceFor(url, 'limits.reserved_bytes_per_owner=1 MB'), /smaller than/u)
})

test('strictness without security levels, and a standby that is never short, are reported', () => {
  const url = 'server.public_url=https://example.org/'
  const strict = ['security.unbound=strict', 'security.enhanced_security=false']
  assert.match(adviceFor(url, ...strict), /"strict" has no effect/u)
  assert.equal(adviceFor(url, 'security.unbound=strict'), '')
  const long = 'security.standby_threshold_minutes=120'
  assert.match(adviceFor(url, long), /not shorter than long_standby_threshold_hours/u)
  assert.equal(adviceFor(url, long, 'security.long_standby_threshold_hours=3'), '')
})

test('levels of threats and anomalies are reported where there are no levels, with what to do', () => {
  const url = 'server.public_url=https://example.org/'
  const off = [url, 'security.enhanced_security=false']
  const levels = ['threats.grant_on_two_networks=level3', 'threats.failing_proofs=level2']
  assert.match(
    adviceFor(...off, ...levels),
    /^threats\.grant_on_two_networks = "level3" is no more than "watch".*: switch it on.*\nthreats\.failing_proofs = "level2"/u,
  )
  assert.match(
    adviceFor(...off, 'threats.session_in_two_countries=level3'),
    /^threats\.session_in_two_countries = "level3"/u,
  )
  assert.match(adviceFor(...off, 'anomaly.enabled=true'), /^anomaly\.enabled makes nothing but/u)
  assert.equal(adviceFor(...off, 'threats.grant_on_two_networks=watch'), '')
  assert.equal(adviceFor(url, 'threats.failing_proofs=level2', 'anomaly.enabled=true'), '')
})

test('a ban of users by files that may have expired is reported', () => {
  const ban = [
    'server.public_url=https://example.org/',
    'threats.uploads_deleted_for_abuse=ban',
    'threats.abuse_window=30d',
  ]
  assert.match(adviceFor(...ban, 'retention.max_age=29d'), /abuse_window is longer/u)
  assert.equal(adviceFor(...ban, 'retention.max_age=30d'), '')
  assert.equal(adviceFor(...ban, 'retention.max_age=0'), '')
})

test('a ban of networks is reported, because strangers share them', () => {
  const url = 'server.public_url=https://example.org/'
  assert.match(adviceFor(url, 'threats.failing_proofs=ban'), /a whole \/24/u)
  assert.equal(adviceFor(url, 'threats.failing_proofs=level2'), '')
})

test('workers that count for themselves are reported, with the rules that suffer, and how', () => {
  const url = 'server.public_url=https://example.org/'
  const four = [url, 'server.workers=4']
  const failing = adviceFor(...four)
  assert.match(
    failing,
    /^threats\.failing_proofs with server\.workers = 4: .* up to 4 times threats\.failing_sessions/u,
  )
  const workers = [...four, 'threats.failing_proofs=off']
  assert.equal(adviceFor(...workers), '')
  const slots = [...workers, 'threats.grant_on_two_networks=watch']
  assert.match(adviceFor(...slots), /^threats\.grant_on_two_networks with server\.workers = 4/u)
  assert.equal(adviceFor(...slots, 'server.workers=1'), '')
  const both = adviceFor(...slots, 'threats.session_in_two_countries=ban')
  assert.match(
    both,
    /grant_on_two_networks and threats\.session_in_two_countries .* one thief of 4/u,
  )
  assert.equal(adviceFor(url), '')
})

test('the nearest word is found within a third of its length, and nothing beyond', () => {
  assert.equal(nearest('listn', ['listen', 'level']), 'listen')
  assert.equal(nearest('Retension', ['retention', 'session']), 'retention')
  assert.equal(nearest('bananas', ['listen', 'level']), undefined)
  assert.equal(editDistance('kitten', 'sitting'), 3)
})

test('a line is found behind headers, dotted and quoted keys and inside inline tables', () => {
  const source = [
    '# [log]',
    'log.level = "info"',
    '[ server ] # where',
    '"listen" = [',
    '  "a"]',
    '[[grants.v1_previous]]',
    'secret = "x"',
  ].join('\n')
  assert.equal(lineOf(source, 'log.level'), 2)
  assert.equal(lineOf(source, 'server'), 3)
  assert.equal(lineOf(source, 'server.listen'), 4)
  assert.equal(lineOf(source, 'grants.v1_previous'), 6)
  assert.equal(lineOf('http = { body_idle = "1s" }', 'http.body_idle'), 1)
  assert.equal(lineOf(source, 'audit.file'), undefined)
})
