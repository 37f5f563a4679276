import { type Choices, listed } from './choices.ts'
import { type FieldLine, fieldLine } from './draft.ts'

/** Octets that mean something to some parser, or should not be where they are. */
export const ODD_OCTETS: Choices<string> = listed(
  ['\0', '\u0001', '\b', '\t', '\n', '\v', '\f', '\r', '\u001b', ' ', '!'],
  ['"', '#', '%', '(', ')', ',', '/', ':', ';', '<', '=', '>', '?', '@'],
  ['[', '\\', ']', '^', '_', '`', '{', '|', '}', '~', '\u007f'],
  ['\u0080', '\u0085', '\u00a0', '\u00ad', '\u00e9', '\u00ff'],
)

/** What may stand in a `Content-Length`, mostly what must not. */
export const LENGTHS: Choices<string> = listed(
  ['0', '1', '00', '01', '007', '+7', '-7', '-0', '7,7', '7, 7', '7,8', ',7', '7;', '7 7'],
  ['0x7', '7e0', '7.0', '7_0', '"7"', '', ' ', '7\0', '7\v', '\f7', '\u00b2', '7\u00a0'],
  ['999999999999999', '1000000000000000', '9007199254740993', '4294967296', '2147483648'],
  ['18446744073709551615', '18446744073709551616', '99999999999999999999999999'],
)
/** What may stand in a `Transfer-Encoding`. */
export const CODINGS: Choices<string> = listed(
  ['chunked', 'Chunked', 'CHUNKED', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip'],
  ['identity', 'xchunked', 'chunked;q=1', '"chunked"', 'chunked\v', 'chun\0ked', ',chunked', ''],
)
/** How a `Transfer-Encoding` may be called. */
export const CODING_NAMES: Choices<string> = listed(
  ['Transfer-Encoding', 'transfer-encoding', 'Transfer-Encoding ', 'Transfer_Encoding'],
  ['Transfer-Encoding\t', 'Transfer\u00adEncoding', ' Transfer-Encoding'],
)
/** Bodies in chunks, and what is meant to pass for them. */
export const CHUNKS: Choices<string> = listed(
  ['0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '5;x=y\r\nhello\r\n0\r\n\r\n', '5\nhello\n0\n\n'],
  ['0\r\nX-A: b\r\n\r\n', 'FFFFFFFFFFFFFFFFF\r\n', '-1\r\nb', ' 5\r\nhello', '0x5\r\nhello'],
)
/** Fields about the connection, and others that a parser treats in a way of its own. */
export const CONNECTIONS: Choices<FieldLine> = listed(
  [fieldLine('Set-Cookie', 'a=b'), fieldLine('__proto__', 'x'), fieldLine('Keep-Alive', 'max=1')],
  lines('Connection', ['close', 'Close', 'keep-alive', 'Keep-Alive', 'x', '', ',', 'TE']),
  lines('connection', ['CLOSE', 'cLOSE', 'close,', ', close', 'close, close', 'close;', '"close"']),
  lines('CONNECTION', [
    'close\t',
    'clos',
    'closed',
    'close close',
    'close, TE',
    'c\0lose',
    '\vclose',
  ]),
  lines('Connection', ['keep-alive, close', 'close, keep-alive', 'keep-alive, Upgrade', 'Upgrade']),
  lines('Connection', ['keep-alive, Content-Length', 'Host', 'keep-alive,', 'keep_alive']),
  lines('Upgrade', ['websocket', 'h2c', 'TLS/1.0', '']),
  lines('Expect', ['100-continue', '100-Continue', '100-continue, x', 'x', '', '100-continue ']),
  lines('TE', ['trailers', 'trailers, deflate;q=0.5', '']),
  lines('Trailer', ['Content-Length', 'X-A']),
  lines('Proxy-Connection', ['close', 'keep-alive']),
  lines('HTTP2-Settings', ['AAMAAABkAAQCAAAAAAIAAAAA']),
)
/** What may stand in a `Host`. */
export const HOSTS: Choices<string> = listed(
  ['a', 'A:80', '[::1]:8080', '127.0.0.1', 'a.', 'xn--a', ':', 'a:', 'a:b', 'a,b', 'a b', ''],
  ['a/b', 'user@a', 'a?b', 'a#b', 'a\\b', '\0', 'a\u00e9', '*', '%61', '[', ' '],
)
/** Targets in every form of RFC 9112 §3.2, and in none. */
export const TARGET_FORMS: Choices<string> = listed(
  ['*', 'http://a/x', 'HTTP://A', 'https://a:1/?q', 'a:443', '[::1]:443', 'a', '', '?q', '#'],
  ['//a/b', '/a/../b', '/./a', '/%2e%2e/%2f', '/a%00b', '/%', '/a#b', '/a\\b', '/a"b', '/<>'],
  ['/a b', '/a\tb', '/a\0b', '/\u00e9', '/a\u007fb', '/a\rb', '/a\nb', '/a HTTP/1.1\r\nX: '],
  [`/${'x'.repeat(3_000)}`, `/${'x'.repeat(4_060)}`, `/${'x'.repeat(20_000)}`],
)
/** Methods, and what is none. */
export const METHODS: Choices<string> = listed(
  ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT', 'TRACE', 'M-SEARCH'],
  ['put', 'Put', 'PUTT', 'PU', 'QUERY', 'PRI', 'SOURCE', 'G\0ET', 'GET\t', ''],
)
/** Versions, and what is none. */
export const VERSIONS: Choices<string> = listed(
  ['HTTP/1.0', 'HTTP/1.2', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/11', 'HTTP/1.1.1', 'HTTP/1,1'],
  ['http/1.1', 'HTTPS/1.1', 'HTTP/ 1.1', 'HTTP/1.1 ', 'HTTP/1.1\t', 'ICE/1.0', 'RTSP/1.1', ''],
)
/** Ends of a line that are not CRLF. */
export const LINE_ENDS: Choices<string> = listed(
  ['\n', '\r', '\r\r\n', '\n\r', '\n\r\n', ''],
  ['\0\r\n', '\r\0\n', ' \n', '\r \n', '\u0085'],
)
/** What may stand between the words of the first line. */
export const GAPS: Choices<string> = ['  ', '\t', '', ' \t', '\v', '\u00a0', '\r', '\n', '\0', '+']
/** What may stand beside a colon. */
export const BLANKS: Choices<string> = [
  '',
  ' ',
  '\t',
  '  ',
  ' \t ',
  '\v',
  '\f',
  '\u00a0',
  '\0',
  '\r\n ',
]
/** Breaks within a value (RFC 9112 §5.2). */
export const FOLDS: Choices<string> = ['\r\n ', '\r\n\t', '\n ', '\r ', '\r\n\r\n ', '\r\n  : ']
/** What may stand before the first line. */
export const LEADS: Choices<string> = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  ' ',
  '\t',
  '\0',
  '\u00ef\u00bb\u00bf',
  '\u00ff',
]
/** What may stand for the empty line. */
export const LASTS: Choices<string> = [
  '',
  '\n',
  '\r',
  '\n\r\n',
  ' \r\n',
  '\r\r\n',
  '\r\n\r\n',
  '\0\r\n',
]
/** What may stand behind a head. */
export const FOLLOWS: Choices<string> = listed(
  ['', '\r\n', '\n', '\0', 'x', 'GET', '\r\n0\r\n\r\n'],
  ['GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['Host: b\r\n\r\n', ' X: y\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\u0016\u0003\u0001'],
)
function lines(name: string, values: readonly string[]): readonly FieldLine[] {
  return values.map((value) => fieldLine(name, value))
}
