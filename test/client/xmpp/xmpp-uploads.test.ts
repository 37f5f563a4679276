import assert from 'node:assert/strict'
import test from 'node:test'
import { xml } from '@xmpp/client'
import {
  SlotError,
  xmppClientSender,
  xmppUploads,
  type SlotFile,
} from '../../../src/client/xmpp/main.ts'
import { info, items, refusal, senderTo, type Reply } from './scripted-entities.ts'

const UPLOAD = 'urn:xmpp:http:upload:0'
const LEGACY = 'urn:xmpp:http:upload'
const PHOTO: SlotFile = { name: 'a "photo" <1>.jpg', size: 5, type: 'image/jpeg' }

/** example.org with a chat service, one that is silent, and an upload service that gives slots by `slot`. */
function uploadsWith(slot: Reply, asked: string[] = []): ReturnType<typeof xmppUploads> {
  const forms = [
    { FORM_TYPE: LEGACY, 'max-file-size': '7' },
    { FORM_TYPE: UPLOAD, 'max-file-size': '1000' },
  ]
  return xmppUploads(
    senderTo({
      'example.org': items('chat.example.org', 'silent.example.org', 'files.example.org'),
      'chat.example.org': () => info(['http://jabber.org/protocol/muc']),
      'files.example.org': (request) => {
        asked.push(request.toString())
        return request.getChild('request', UPLOAD) === undefined
          ? info([UPLOAD, LEGACY], forms)
          : slot(request)
      },
    }),
  )
}

function slotElement(...headers: readonly [string, string][]): ReturnType<typeof xml> {
  return xml(
    'slot',
    { xmlns: UPLOAD },
    xml(
      'put',
      { url: 'https://files.example.org/a/photo.jpg?v=1' },
      ...headers.map(([name, value]) => xml('header', { name }, value)),
    ),
    xml('get', { url: 'https://files.example.org/a/photo.jpg' }),
  )
}

async function refused(slot: Reply, file: SlotFile = PHOTO): Promise<SlotError> {
  const outcome: unknown = await uploadsWith(slot)
    .slotFor(file)()
    .catch((error: unknown) => error)
  assert.ok(outcome instanceof SlotError, String(outcome))
  return outcome
}

test('the upload service is found although another item never answers, and asked once for what it is', async () => {
  const asked: string[] = []
  const uploads = uploadsWith(() => slotElement(), asked)
  const expected = { jid: 'files.example.org', maxFileSize: 1000 }
  assert.deepEqual(await uploads.service(), expected)
  assert.deepEqual(await uploads.service(), expected)
  assert.equal(asked.length, 1)
})

test('the server itself can be the upload service, and need not tell a limit', async () => {
  const xmlns = 'http://jabber.org/protocol/disco#items'
  const uploads = xmppUploads(
    senderTo({
      'example.org': (request) =>
        request.getChild('query', xmlns) === undefined ? info([UPLOAD]) : xml('query', { xmlns }),
    }),
  )
  assert.deepEqual(await uploads.service(), { jid: 'example.org' })
})

test('a server without an upload service is an error of its own, and may have one later', async () => {
  let hasOne = false
  const uploads = xmppUploads(
    senderTo({
      'example.org': items('files.example.org'),
      'files.example.org': () => (hasOne ? info([UPLOAD]) : info([LEGACY])),
    }),
  )
  await assert.rejects(uploads.service(), {
    name: 'SlotError',
    code: 'no-service',
    message: 'example.org has no upload service',
  })
  hasOne = true
  assert.deepEqual(await uploads.service(), { jid: 'files.example.org' })
})

function unanswered(): never {
  throw new Error('timed out')
}

test('where the upload service may be what gave no answer, the error says so', async () => {
  const uploads = xmppUploads(
    senderTo({
      'example.org': items('chat.example.org', 'files.example.org'),
      'chat.example.org': () => info(['http://jabber.org/protocol/muc']),
      'files.example.org': unanswered,
    }),
  )
  await assert.rejects(uploads.service(), {
    code: 'no-service',
    message: 'example.org has no upload service that answers',
  })
})

test('who is not logged in is told so, and sends nothing', async () => {
  const sender = xmppClientSender({ jid: null, iqCaller: { request: async () => {} } }, xml)
  const expected = { name: 'TypeError', message: 'The XMPP client is not logged in' }
  await assert.rejects(xmppUploads(sender).slotFor(PHOTO)(), expected)
})

test('nothing is asked once the signal has fired', async () => {
  const asked: unknown[] = []
  const request = async (stanza: unknown): Promise<unknown> => asked.push(stanza)
  const sender = xmppClientSender({ jid: { domain: 'example.org' }, iqCaller: { request } }, xml)
  const reason = new Error('enough')
  await assert.rejects(xmppUploads(sender).service(AbortSignal.abort(reason)), reason)
  assert.deepEqual(asked, [])
})

test('a slot is asked for with name, size and type, and is what an upload takes', async () => {
  const asked: string[] = []
  const uploads = uploadsWith(() => slotElement(), asked)
  assert.deepEqual(await uploads.slotFor(PHOTO)(), {
    put: 'https://files.example.org/a/photo.jpg?v=1',
    get: 'https://files.example.org/a/photo.jpg',
  })
  const attributes =
    'filename="a &quot;photo&quot; &lt;1&gt;.jpg" size="5" content-type="image/jpeg"'
  assert.ok(asked.at(-1)?.includes(`<request ${attributes} xmlns="${UPLOAD}"/>`), asked.at(-1))
})

test('of the header fields only those of XEP-0363 are taken, on one line each', async () => {
  const slot = await uploadsWith(() =>
    slotElement(
      ['Authorization', 'Bearer\r\n abc'],
      ['cookie', 'a=b'],
      ['Expires', '1'],
      ['Host', 'evil.example.org'],
    ),
  ).slotFor(PHOTO)()
  assert.deepEqual(slot.headers, { Authorization: 'Bearer abc', cookie: 'a=b', Expires: '1' })
})

test('the addresses of a slot are URLs as requests write them', async () => {
  const address = 'HTTPS://files.example.org:443/a b/"$(id)".jpg?v=<1>\u009b2J'
  const elements = [xml('put', { url: address }), xml('get', { url: address })]
  const uploads = uploadsWith(() => xml('slot', { xmlns: UPLOAD }, ...elements))
  const expected = 'https://files.example.org/a%20b/%22$(id)%22.jpg?v=%3C1%3E%C2%9B2J'
  assert.deepEqual(await uploads.slotFor(PHOTO)(), { put: expected, get: expected })
})

test('a file above the limit is refused without a request, and the limit told', async () => {
  const asked: string[] = []
  const uploads = uploadsWith(() => slotElement(), asked)
  const large = { ...PHOTO, size: 1001 }
  await assert.rejects(uploads.slotFor(large)(), {
    code: 'file-too-large',
    maxFileSize: 1000,
    message: 'The file has 1001 bytes, and the upload service takes 1000 at most',
  })
  assert.equal(asked.length, 1)
})

test('the limit that the service tells with its refusal is told', async () => {
  const tooLarge = xml('file-too-large', { xmlns: UPLOAD }, xml('max-file-size', {}, '3'))
  const error = await refused(() => refusal('not-acceptable', tooLarge))
  assert.deepEqual([error.code, error.maxFileSize], ['file-too-large', 3])
})

test('a file that is too large for a limit that nobody tells is told to be so', async () => {
  const error = await refused(() =>
    refusal('not-acceptable', xml('file-too-large', { xmlns: UPLOAD })),
  )
  assert.deepEqual([error.code, error.maxFileSize], ['file-too-large', undefined])
  assert.equal(error.message, 'The file has 5 bytes, and the upload service takes fewer')
})

test('a quota in use is told with the time when there is room again', async () => {
  const retry = xml('retry', { xmlns: UPLOAD, stamp: '2026-11-22T23:03:21Z' })
  const error = await refused(() => refusal('resource-constraint', retry))
  assert.equal(error.code, 'retry-later')
  assert.equal(error.retryAt?.getTime(), Date.UTC(2026, 10, 22, 23, 3, 21))
})

test('any other refusal tells its condition and what the server says', async () => {
  const text = xml('text', { xmlns: 'urn:ietf:params:xml:ns:xmpp-stanzas' }, 'Staff\u009b\nonly')
  const error = await refused(() => refusal('not-allowed', text))
  assert.deepEqual([error.code, error.condition], ['refused', 'not-allowed'])
  assert.match(error.message, /not-allowed: Staff only/u)
})

test('an answer without addresses, or with one that is not HTTP, is no slot', async () => {
  const put = xml('put', { url: 'https://files.example.org/a' })
  const ftp = xml('put', { url: 'ftp://files.example.org/a' })
  const get = xml('get', { url: 'https://files.example.org/a' })
  for (const [address, slot] of [
    ['put', xml('slot', { xmlns: UPLOAD })],
    ['put', xml('slot', { xmlns: UPLOAD }, ftp, get)],
    ['get', xml('slot', { xmlns: UPLOAD }, put)],
    ['put', xml('slot', { xmlns: LEGACY })],
  ] as const) {
    const { code, message } = await refused(() => slot)
    assert.equal(code, 'bad-answer')
    assert.equal(message, `The slot has no HTTP address in <${address}/>`)
  }
})

test('waiting for an answer ends with the signal', async () => {
  const reason = new Error('enough')
  const uploads = xmppUploads(senderTo({}))
  await assert.rejects(uploads.service(AbortSignal.abort(reason)), reason)
  const over = new AbortController()
  const waiting = uploads.slotFor(PHOTO, over.signal)()
  over.abort(reason)
  await assert.rejects(waiting, reason)
})
