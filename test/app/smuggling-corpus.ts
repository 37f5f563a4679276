import type { SignedPut } from './slots.ts'

/** What a case is made of: slots of its own, and the head of a request for one. */
export interface Slots {
  readonly own: SignedPut
  readonly other: SignedPut
}

/** Bytes of one connection that try to mean one thing to one parser and another thing to another. */
export interface Smuggled {
  /** What is sent, one character an octet; a last request on its connection follows. */
  readonly bytes: (slots: Slots) => string
  /** Of all answers, in order. The last request is answered with 404, where the connection is kept until then. */
  readonly statuses: readonly number[]
  /** Which of the files exist afterwards, whole. */
  readonly stored: readonly ('own' | 'other')[]
}

const HOST = 'Host: files.example\r\n'

/** A PUT with these fields, and this in the place of the file. */
function put({ target, body }: SignedPut, fields: string, sent = body.toString()): string {
  return `PUT ${target} HTTP/1.1\r\n${HOST}${fields}\r\n${sent}`
}

function lengthOf({ body }: SignedPut): string {
  return `Content-Length: ${body.length}\r\n`
}

/** The PUT of a slot as it should be, with further fields. */
function orderly(slot: SignedPut, fields = ''): string {
  return put(slot, fields + lengthOf(slot))
}

/** The PUT of a slot in chunks; what says its length elsewhere is what a grant needs. */
function inChunks(
  slot: SignedPut,
  coding = 'Transfer-Encoding: chunked\r\n',
  end = '\r\n',
): string {
  const fields = `Upload-Complete: ?1\r\nUpload-Length: ${slot.body.length}\r\n${coding}`
  const chunk = `${slot.body.length.toString(16)}${end}${slot.body.toString()}${end}`
  return put(slot, fields, `${chunk}0${end}${end}`)
}

function getOf({ target }: SignedPut, fields = ''): string {
  const [path = ''] = target.split('?')
  return `GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`
}

/** As `orderly`, with something in the head replaced. */
function altered(from: string | RegExp, to: string): Smuggled['bytes'] {
  return ({ own }) => orderly(own, 'X-A: b\r\n').replace(from, to)
}

const REFUSED: Omit<Smuggled, 'bytes'> = { statuses: [400], stored: [] }
const STORED: Omit<Smuggled, 'bytes'> = { statuses: [201, 404], stored: ['own'] }
/** Refused by a handler, not the parser. */
const FORBIDDEN: Omit<Smuggled, 'bytes'> = { statuses: [403], stored: [] }

/** What is no body ends its connection. */
const CUT: Omit<Smuggled, 'bytes'> = { statuses: [], stored: [] }

function unsigned(slot: SignedPut): SignedPut {
  return { ...slot, target: slot.target.replace(/v=[0-9a-f]{4}/u, 'v=0000') }
}

/** By name; each tells what it tries. */
export const SMUGGLED: Readonly<Record<string, Smuggled>> = {
  'a request in order': { bytes: ({ own }) => orderly(own), ...STORED },
  'a length, then a coding': {
    bytes: ({ own }) => inChunks(own, `${lengthOf(own)}Transfer-Encoding: chunked\r\n`),
    ...REFUSED,
  },
  'a coding, then a length': {
    bytes: ({ own }) => inChunks(own, `Transfer-Encoding: chunked\r\n${lengthOf(own)}`),
    ...REFUSED,
  },
  'the same length twice': { bytes: ({ own }) => orderly(own, lengthOf(own)), ...REFUSED },
  'two lengths': { bytes: ({ own }) => orderly(own, 'Content-Length: 0\r\n'), ...REFUSED },
  'a list of one length': { bytes: altered(/Length: (\d+)/u, 'Length: $1, $1'), ...REFUSED },
  'a length with a sign': { bytes: altered('Length: ', 'Length: +'), ...REFUSED },
  'a length with a zero in front': { bytes: altered('Length: ', 'Length: 0'), ...REFUSED },
  'a length in hexadecimal': { bytes: altered('Length: ', 'Length: 0x'), ...REFUSED },
  'a length beyond every number': {
    bytes: altered('Length: ', `Length: 1${'0'.repeat(30)}`),
    ...REFUSED,
  },
  'a blank before the colon of the length': { bytes: altered('Length:', 'Length :'), ...REFUSED },
  'a folded value': { bytes: altered('X-A: b', 'X-A: b\r\n c'), ...REFUSED },
  'a folded length': { bytes: altered('Length: ', 'Length:\r\n '), ...REFUSED },
  'a coding in the fold of another field': {
    bytes: altered('X-A: b', 'X-A: b\r\n Transfer-Encoding: chunked'),
    ...REFUSED,
  },
  'bare LF throughout': { bytes: ({ own }) => orderly(own).replaceAll('\r\n', '\n'), ...REFUSED },
  'bare LF behind the first line': { bytes: altered('\r\n', '\n'), ...REFUSED },
  'bare LF behind a field': { bytes: altered('b\r\n', 'b\n'), ...REFUSED },
  'bare LF before the body': { bytes: altered('\r\n\r\n', '\r\n\n'), ...REFUSED },
  'bare CR in a field': {
    bytes: altered('X-A: b', 'X-A: b\rTransfer-Encoding: chunked'),
    ...REFUSED,
  },
  'bare CR behind a field': { bytes: altered('b\r\n', 'b\r'), ...REFUSED },
  'NUL in a value': { bytes: altered('X-A: b', 'X-A: b\0'), ...REFUSED },
  'NUL in a name': { bytes: altered('X-A:', 'X-\0A:'), ...REFUSED },
  'NUL in the target': { bytes: altered(' HTTP', '\0 HTTP'), ...REFUSED },
  'NUL in the length': { bytes: altered(/(Length: \d+)/u, '$1\0'), ...REFUSED },
  'an octet beyond ASCII in a value': { bytes: altered('X-A: b', 'X-A: \u00e9'), ...STORED },
  'the absolute form': { bytes: altered('PUT ', 'PUT http://files.example'), ...STORED },
  'the absolute form of another host': {
    bytes: altered('PUT ', 'PUT http://elsewhere.example'),
    ...STORED,
  },
  'the authority form': { bytes: altered(/PUT \S+/u, 'PUT files.example:443'), ...REFUSED },
  'the asterisk form': { bytes: altered(/PUT \S+/u, 'PUT *'), ...REFUSED },
  'a tunnel': {
    bytes: () => `CONNECT files.example:443 HTTP/1.1\r\n${HOST}\r\n`,
    statuses: [405],
    stored: [],
  },
  'no host': { bytes: altered(HOST, ''), ...REFUSED },
  'two hosts': { bytes: altered(HOST, HOST + HOST), ...REFUSED },
  'an empty line before': { bytes: ({ own }) => `\r\n${orderly(own)}`, ...STORED },
  'an empty line behind the body': { bytes: ({ own }) => `${orderly(own)}\r\n`, ...STORED },
  chunks: { bytes: ({ own }) => inChunks(own), ...STORED },
  'chunks that end their lines with bare LF': {
    bytes: ({ own }) => inChunks(own, 'Transfer-Encoding: chunked\r\n', '\n'),
    ...CUT,
  },
  'a PUT, then one in chunks that end their lines with bare LF': {
    bytes: ({ own, other }) =>
      orderly(own) + inChunks(other, 'Transfer-Encoding: chunked\r\n', '\n'),
    statuses: [201],
    stored: ['own'],
  },
  'chunks, coded twice': {
    bytes: ({ own }) => inChunks(own, 'Transfer-Encoding: chunked, chunked\r\n'),
    ...REFUSED,
  },
  'another coding under chunks': {
    bytes: ({ own }) => inChunks(own, 'Transfer-Encoding: gzip, chunked\r\n'),
    ...REFUSED,
  },
  'a coding nobody knows': {
    bytes: ({ own }) => inChunks(own, 'Transfer-Encoding: xchunked\r\n'),
    ...REFUSED,
  },
  'a blank before the colon of the coding': {
    bytes: ({ own }) => inChunks(own, `Transfer-Encoding : chunked\r\n${lengthOf(own)}`),
    ...REFUSED,
  },
  'a coding with a vertical tab': {
    bytes: ({ own }) => inChunks(own, `Transfer-Encoding: \vchunked\r\n${lengthOf(own)}`),
    ...REFUSED,
  },
  'a GET whose body is a request': {
    bytes: ({ own, other }) => {
      const body = orderly(other)
      return getOf(own, `Content-Length: ${body.length}\r\n`) + body
    },
    statuses: [404],
    stored: [],
  },
  'a PUT, then a GET of its file': {
    bytes: ({ own }) => orderly(own) + getOf(own),
    statuses: [201, 200, 404],
    stored: ['own'],
  },
  'a PUT, then another': {
    bytes: ({ own, other }) => orderly(own) + orderly(other),
    statuses: [201, 201, 404],
    stored: ['own', 'other'],
  },
  'a PUT, then one in chunks': {
    bytes: ({ own, other }) => orderly(own) + inChunks(other),
    statuses: [201, 201, 404],
    stored: ['own', 'other'],
  },
  'a PUT, then more than its length': {
    bytes: ({ own }) => `${orderly(own)}more`,
    statuses: [201, 400],
    stored: ['own'],
  },
  'a PUT, then two lengths': {
    bytes: ({ own, other }) => orderly(own) + orderly(other, 'Content-Length: 0\r\n'),
    statuses: [201, 400],
    stored: ['own'],
  },
  'a PUT that is the last one, then another': {
    bytes: ({ own, other }) => orderly(own, 'Connection: close\r\n') + orderly(other),
    statuses: [201],
    stored: ['own'],
  },
  'a refused PUT, then another': {
    bytes: ({ own, other }) => orderly(unsigned(own)) + orderly(other),
    ...FORBIDDEN,
  },
  'a refused PUT in chunks, then another': {
    bytes: ({ own, other }) => inChunks(unsigned(own)) + orderly(other),
    ...FORBIDDEN,
  },
  'a refused PUT whose body is a request': {
    bytes: ({ own, other }) => {
      const body = orderly(other)
      return put(unsigned(own), `Content-Length: ${body.length}\r\n`, body)
    },
    ...FORBIDDEN,
  },
  'a refused GET, then a PUT': {
    bytes: ({ own, other }) => getOf(own) + orderly(other),
    statuses: [404, 201, 404],
    stored: ['other'],
  },
  'leave to send asked for, and not waited for': {
    bytes: ({ own }) => orderly(own, 'Expect: 100-continue\r\n'),
    ...STORED,
  },
  'an expectation nobody knows, then another PUT': {
    bytes: ({ own, other }) => orderly(own, 'Expect: x\r\n') + orderly(other),
    statuses: [417],
    stored: [],
  },
  'HTTP/1.0': { bytes: altered('HTTP/1.1', 'HTTP/1.0'), statuses: [201], stored: ['own'] },
}
