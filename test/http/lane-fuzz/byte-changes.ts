import type { SeededRandom } from '../../interop/seeded-random.ts'
import { type Choices, listed, oneOf, spliced } from './choices.ts'
import { ODD_OCTETS } from './vocabulary.ts'

/** A way to change octets that knows nothing of what they mean. One character is one octet. */
export interface ByteChange {
  readonly name: string
  readonly change: (text: string, random: SeededRandom) => string
}

const TOKENS: Choices<string> = listed(
  ['\r\n', '\r\n\r\n', '\n\n', ': ', ' HTTP/1.1', '\r\nHost: b', '\r\nContent-Length: 3'],
  ['\r\nTransfer-Encoding: chunked', 'GET / HTTP/1.1\r\n', '\r\n '],
)

/** Every way there is; what they do is what their names say. */
export const BYTE_CHANGES: Choices<ByteChange> = [
  { name: 'a bit flipped', change: flipped },
  { name: 'an octet for another', change: (text, r) => spliced(r, text, [anyOctet(r), 1]) },
  { name: 'an octet more', change: (text, r) => spliced(r, text, [anyOctet(r), 0]) },
  { name: 'an octet less', change: (text, r) => spliced(r, text, ['', 1]) },
  { name: 'an odd octet more', change: (text, r) => spliced(r, text, [oneOf(r, ODD_OCTETS), 0]) },
  { name: 'a stretch less', change: (text, r) => spliced(r, text, ['', r.integer(2, 20)]) },
  { name: 'a stretch twice', change: doubled },
  { name: 'a token more', change: (text, r) => spliced(r, text, [oneOf(r, TOKENS), 0]) },
  { name: 'the rest less', change: (text, r) => text.slice(0, r.integer(0, text.length)) },
  { name: 'a letter of the other case', change: otherCase },
]

function anyOctet(random: SeededRandom): string {
  return String.fromCharCode(random.integer(0, 255))
}

function flipped(text: string, random: SeededRandom): string {
  const at = random.integer(0, text.length - 1)
  const octet = String.fromCharCode(text.charCodeAt(at) ^ (1 << random.integer(0, 7)))
  return text.slice(0, at) + octet + text.slice(at + 1)
}

function doubled(text: string, random: SeededRandom): string {
  const [at, length] = [random.integer(0, text.length), random.integer(1, 40)]
  return text.slice(0, at + length) + text.slice(at)
}

function otherCase(text: string, random: SeededRandom): string {
  const at = random.integer(0, text.length - 1)
  const letter = text.charAt(at)
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
  return text.slice(0, at) + (other.length === 1 ? other : letter) + text.slice(at + 1)
}
