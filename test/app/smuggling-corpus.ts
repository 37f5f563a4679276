/** A request that brings a whole file, in its parts. */
export interface Filling {
  readonly method: string
  readonly target: string
  /** As `target`, and refused by its handler. */
  readonly refusedTarget: string
  /** Lines of what the protocol needs; the second, where the body comes in chunks. */
  readonly fields: string
  readonly fieldsOfChunks: string
  readonly body: Buffer
  /** Where the file is found. */
  readonly path: string
}

/** What a case is made of: files of its own. */
export interface Slots {
  readonly own: Filling
  readonly other: Filling
}

/** How the server answers where protocols differ. */
export interface Answers {
  /** To a refused target. */
  readonly refused: number
  /** To a GET of a file that is not there. */
  readonly absent: number
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
const LAST = 'Connection: close\r\n'

/** The request with these fields alone, and this in the place of the file. */
function filling(
  { method, target, body }: Filling,
  fields: string,
  sent = body.toString(),
): string {
  return `${method} ${target} HTTP/1.1\r\n${HOST}${fields}\r\n${sent}`
}

function lengthOf({ body }: Pick<Filling, 'body'>): string {
  return `Content-Length: ${body.length}\r\n`
}

/** The request as it should be, with further fields. */
function orderly(slot: Filling, fields = ''): string {
  return filling(slot, fields + slot.fields + lengthOf(slot))
}

/** The request in chunks. */
function inChunks(slot: Filling, coding = 'Transfer-Encoding: chunked\r\n', end = '\r\n'): string {
  const chunk = `${slot.body.length.toString(16)}${end}${slot.body.toString()}${end}`
  return filling(slot, slot.fieldsOfChunks + coding, `${chunk}0${end}${end}`)
}

function getOf({ path }: Filling, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}${fields}\r\n`
}

/** As `orderly`, with something in the head replaced. */
function altered(from: string | RegExp, to: string): Smuggled['bytes'] {
  return ({ own }) => orderly(own, 'X-A: b\r\n').replace(from, to)
}

const REFUSED: Omit<Smuggled, 'bytes'> = { statuses: [400], stored: [] }
const STORED: Omit<Smuggled, 'bytes'> = { statuses: [201, 404], stored: ['own'] }
/** Nothing that follows is a request. */
const ALONE: Omit<Smuggled, 'bytes'> = { statuses: [201], stored: ['own'] }

/** What is no body ends its connection. */
const CUT: Omit<Smuggled, 'bytes'> = { statuses: [], stored: [] }

/** The request with a target that its handler refuses. */
function refused(slot: Filling): Filling {
  return { ...slot, target: slot.refusedTarget }
}

/** By name; each tells what it tries. */
export function smuggled(answers: Answers): Readonly<Record<string, Smuggled>> {
  const FORBIDDEN: Omit<Smuggled, 'bytes'> = { statuses: [answers.refused], stored: [] }
  return {
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
    'the absolute form': { bytes: altered(' ', ' http://files.example'), ...STORED },
    'the absolute form of another host': {
      bytes: altered(' ', ' http://elsewhere.example'),
      ...STORED,
    },
    'the authority form': { bytes: altered(/ \S+/u, ' files.example:443'), ...REFUSED },
    'the asterisk form': { bytes: altered(/ \S+/u, ' *'), ...REFUSED },
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
    'an upload, then one in chunks that end their lines with bare LF': {
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
      statuses: [answers.absent],
      stored: [],
    },
    'an upload, then a GET of its file': {
      bytes: ({ own }) => orderly(own) + getOf(own),
      statuses: [201, 200, 404],
      stored: ['own'],
    },
    'an upload, then another': {
      bytes: ({ own, other }) => orderly(own) + orderly(other),
      statuses: [201, 201, 404],
      stored: ['own', 'other'],
    },
    'an upload, then one in chunks': {
      bytes: ({ own, other }) => orderly(own) + inChunks(other),
      statuses: [201, 201, 404],
      stored: ['own', 'other'],
    },
    'an upload, then more than its length': {
      bytes: ({ own }) => `${orderly(own)}more`,
      statuses: [201, 400],
      stored: ['own'],
    },
    'an upload, then two lengths': {
      bytes: ({ own, other }) => orderly(own) + orderly(other, 'Content-Length: 0\r\n'),
      statuses: [201, 400],
      stored: ['own'],
    },
    'an upload that is the last one, then another': {
      bytes: ({ own, other }) => orderly(own, LAST) + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one in capitals, then another': {
      bytes: ({ own, other }) => orderly(own, 'CONNECTION:\tCLOSE \r\n') + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one twice, then another': {
      bytes: ({ own, other }) => orderly(own, LAST + LAST) + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one and not, then another': {
      bytes: ({ own, other }) => orderly(own, `${LAST}Connection: keep-alive\r\n`) + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one in a list, then another': {
      bytes: ({ own, other }) => orderly(own, 'Connection: x, close\r\n') + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one in a fold, then another': {
      bytes: ({ own, other }) => orderly(own, 'Connection:\r\n close\r\n') + orderly(other),
      ...REFUSED,
    },
    'an upload that is nearly the last one, then another': {
      bytes: ({ own, other }) => orderly(own, 'Connection: closed\r\n') + orderly(other),
      statuses: [201, 201, 404],
      stored: ['own', 'other'],
    },
    'an upload in chunks that is the last one, then another': {
      bytes: ({ own, other }) =>
        inChunks(own, `${LAST}Transfer-Encoding: chunked\r\n`) + orderly(other),
      ...ALONE,
    },
    'an upload that is the last one, then more than its length': {
      bytes: ({ own }) => `${orderly(own, LAST)}more`,
      ...ALONE,
    },
    'a GET that is the last one, then an upload': {
      bytes: ({ own, other }) => getOf(own, LAST) + orderly(other),
      statuses: [answers.absent],
      stored: [],
    },
    'an upload, then a last one, then another': {
      bytes: ({ own, other }) => orderly(own) + getOf(own, LAST) + orderly(other),
      statuses: [201, 200],
      stored: ['own'],
    },
    'a refused upload that is the last one, then another': {
      bytes: ({ own, other }) => orderly(refused(own), LAST) + orderly(other),
      ...FORBIDDEN,
    },
    'a refused upload, then another': {
      bytes: ({ own, other }) => orderly(refused(own)) + orderly(other),
      ...FORBIDDEN,
    },
    'a refused upload in chunks, then another': {
      bytes: ({ own, other }) => inChunks(refused(own)) + orderly(other),
      ...FORBIDDEN,
    },
    'a refused upload whose body is a request': {
      bytes: ({ own, other }) => {
        const body = orderly(other)
        return filling(refused(own), `${own.fields}Content-Length: ${body.length}\r\n`, body)
      },
      ...FORBIDDEN,
    },
    'a GET of nothing, then an upload': {
      bytes: ({ own, other }) => getOf(own) + orderly(other),
      statuses: [answers.absent, 201, 404],
      stored: ['other'],
    },
    'leave to send asked for, and not waited for': {
      bytes: ({ own }) => orderly(own, 'Expect: 100-continue\r\n'),
      ...STORED,
    },
    'an expectation nobody knows, then another upload': {
      bytes: ({ own, other }) => orderly(own, 'Expect: x\r\n') + orderly(other),
      statuses: [417],
      stored: [],
    },
    'HTTP/1.0': { bytes: altered('HTTP/1.1', 'HTTP/1.0'), statuses: [201], stored: ['own'] },
  }
}
