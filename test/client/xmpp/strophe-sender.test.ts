import assert from 'node:assert/strict'
import test from 'node:test'
import {
  stropheSender,
  type DomElement,
  type DomNode,
  type StropheBuilder,
  type StropheConnection,
} from '../../../src/client/xmpp/main.ts'

type Attributes = Readonly<Record<string, string>>

function text(textContent: string): DomNode {
  return { nodeType: 3, textContent }
}

/** A DOM element, as much of it as is read. */
function element(
  [localName, namespaceURI]: readonly [string, string],
  attributes: Attributes = {},
  ...content: readonly (DomElement | string)[]
): DomElement {
  return {
    nodeType: 1,
    textContent: null,
    localName,
    namespaceURI,
    attributes: Object.entries(attributes).map(([name, value]) => ({ name, value })),
    children: content.filter((child) => typeof child !== 'string'),
    childNodes: content.map((child) => (typeof child === 'string' ? text(child) : child)),
  }
}

interface Stanza extends StropheBuilder {
  readonly built: readonly [string, Attributes][]
}

function $iq(attributes: Attributes, built: readonly [string, Attributes][] = []): Stanza {
  const all: readonly [string, Attributes][] = built.length > 0 ? built : [['iq', attributes]]
  return {
    built: all,
    c: (name, more) => $iq(attributes, [...all, [name, more]]),
  }
}

const REQUEST = {
  to: 'files.example.org',
  payload: { name: 'request', xmlns: 'urn:x', attributes: { size: '5' } },
}
const never = new AbortController().signal

/** A connection that answers by calling the function back with what `sendIQ` was given. */
function connection(
  answer: (on: { result: (_: DomElement) => void; error: (_: DomElement | null) => void }) => void,
  sent: unknown[] = [],
): StropheConnection {
  return {
    domain: 'example.org',
    sendIQ(stanza, result, error) {
      sent.push(stanza)
      answer({ result, error })
      return 'id'
    },
  }
}

test('a question is built by Strophe, and its answer read', async () => {
  const sent: Stanza[] = []
  const slot = element(['slot', 'urn:x'], { a: 'b' }, element(['put', 'urn:x'], {}, 'x', 'y'))
  const iq = element(['iq', 'jabber:client'], {}, slot)
  const sender = stropheSender(
    connection(({ result }) => result(iq), sent),
    $iq,
  )
  assert.equal(sender.domain, 'example.org')
  assert.deepEqual(await sender.ask(REQUEST, never), {
    kind: 'result',
    payload: {
      name: 'slot',
      namespace: 'urn:x',
      attributes: { a: 'b' },
      text: '',
      children: [{ name: 'put', namespace: 'urn:x', attributes: {}, text: 'xy', children: [] }],
    },
  })
  assert.deepEqual(sent[0]?.built, [
    ['iq', { type: 'get', to: 'files.example.org' }],
    ['request', { size: '5', xmlns: 'urn:x' }],
  ])
})

test('an error is an answer, silence is none', async () => {
  const error = element(['error', 'jabber:client'], { type: 'wait' })
  const request = element(['request', 'urn:x'])
  const iq = element(['iq', 'jabber:client'], { type: 'error' }, request, error)
  const answer = await stropheSender(
    connection((on) => on.error(iq)),
    $iq,
  ).ask(REQUEST, never)
  assert.ok(answer.kind === 'error')
  assert.deepEqual(answer.error.attributes, { type: 'wait' })
  const silent = stropheSender(
    connection((on) => on.error(null)),
    $iq,
  )
  await assert.rejects(silent.ask(REQUEST, never), /files\.example\.org does not answer/u)
})

test('who is not logged in is told so', () => {
  const sender = stropheSender({ domain: null, sendIQ: () => 'id' }, $iq)
  assert.throws(() => sender.domain, { message: 'The connection is not logged in' })
})

test('a question ends with its signal', async () => {
  const reason = new Error('enough')
  const over = new AbortController()
  const asking = stropheSender(
    connection(() => over.abort(reason)),
    $iq,
  ).ask(REQUEST, over.signal)
  await assert.rejects(asking, reason)
})
