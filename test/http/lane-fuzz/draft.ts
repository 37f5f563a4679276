import type { SeededRandom } from '../../interop/seeded-random.ts'
import { type Choices, happens, listed, oneOf } from './choices.ts'

/** A field line in its parts, as they are sent. */
export interface FieldLine {
  readonly name: string
  /** The colon, and the blanks around it. */
  readonly colon: string
  readonly value: string
  /** Blanks behind the value, and the end of the line. */
  readonly end: string
}

/** A head in its parts, one character an octet, so that each can be changed by itself. */
export interface Draft {
  readonly lead: string
  readonly method: string
  readonly gap: string
  readonly target: string
  readonly version: string
  readonly lineEnd: string
  readonly fields: readonly FieldLine[]
  readonly last: string
  /** What is received together with the head. */
  readonly follow: string
}

/** The octets of a head and of what follows it. */
export function rendered(draft: Draft): Buffer {
  const { lead, method, gap, target, version, lineEnd, fields, last, follow } = draft
  const lines = fields.map(({ name, colon, value, end }) => name + colon + value + end)
  const first = lead + method + gap + target + gap + version + lineEnd
  return Buffer.from(first + lines.join('') + last + follow, 'latin1')
}

export function fieldLine(name: string, value: string): FieldLine {
  return { name, colon: ': ', value, end: '\r\n' }
}

const METHODS: Choices<string> = listed(
  ['PUT', 'PUT', 'PUT', 'PATCH', 'PATCH', 'POST'],
  ['GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS'],
)
const TARGETS: Choices<string> = [
  '/upload/3f2a/photo.jpg?v2=0b1c&expires=1',
  '/a%20b/%C3%A4.txt',
  '/a;b=c,d/!$&()*+:@~[]^|.bin?x=/?',
  '/',
]
const COLONS: Choices<string> = [': ', ': ', ':', ':\t', ':  \t']
const LINE_ENDS: Choices<string> = ['\r\n', '\r\n', '\r\n', ' \r\n', '\t \r\n']

/** Fields as clients send them; each at most once in a head. */
const USUAL: readonly FieldLine[] = [
  fieldLine('User-Agent', 'Conversations/2.19 (Android 16)'),
  fieldLine('Accept', '*/*;q=0.8'),
  fieldLine('accept-encoding', 'gzip, deflate'),
  fieldLine('CONTENT-TYPE', 'image/jpeg; name="a b"'),
  fieldLine('Authorization', 'Bearer YWJj.ZGVm'),
  fieldLine('Cookie', 'a=b; c=d'),
  fieldLine('Range', 'bytes=0-9'),
  fieldLine('If-None-Match', 'W/"x", "y"'),
  fieldLine('X-Forwarded-For', '192.0.2.1, 192.0.2.2'),
  fieldLine('constructor', 'x'),
  fieldLine('X-1', ':'),
]

const KEPT: Choices<string> = ['keep-alive', 'Keep-Alive', 'close', 'Close', 'CLOSE', 'cLoSe']

/** A head in order, with what it announces behind it: of a method, and in a form, that the lane may serve. */
export function orderlyDraft(random: SeededRandom): Draft {
  const method = oneOf(random, METHODS)
  const usual = USUAL.filter(() => happens(random, 0.3)).map((line) => ({
    ...line,
    colon: oneOf(random, COLONS),
    end: oneOf(random, LINE_ENDS),
  }))
  const connection = happens(random, 0.3) ? [fieldLine('Connection', oneOf(random, KEPT))] : []
  const length = random.integer(0, 40)
  const hasBody = method === 'PUT' || method === 'PATCH' || method === 'POST'
  const framing = hasBody ? framingOf(random, length) : []
  return {
    lead: '',
    method,
    gap: ' ',
    target: oneOf(random, TARGETS),
    version: 'HTTP/1.1',
    lineEnd: '\r\n',
    fields: shuffled(random, [
      fieldLine('Host', 'files.example'),
      ...usual,
      ...connection,
      ...framing,
    ]),
    last: '\r\n',
    follow: hasBody ? 'b'.repeat(length) : '',
  }
}

function framingOf(random: SeededRandom, length: number): readonly FieldLine[] {
  const announced = happens(random, 0.2) ? random.integer(0, 10 ** 15 - 1) : length
  const framing = [fieldLine('Content-Length', String(announced))]
  return happens(random, 0.2) ? [...framing, fieldLine('Expect', '100-continue')] : framing
}

export function shuffled<T>(random: SeededRandom, all: readonly T[]): readonly T[] {
  return all
    .map((one) => ({ one, rank: random.fraction() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ one }) => one)
}
