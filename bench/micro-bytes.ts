import { createHash } from 'node:crypto'
import { randomId } from '../src/core/random.ts'
import { HeadReader } from '../src/http/fast-lane/request-head.ts'
import { BenchFailure } from './failure.ts'
import type { MicroCase } from './micro.ts'

/** Heads that take turns. */
const HEADS = 2048

const PIECE = 64 * 1024

/** Ended and begun again after so many pieces, as for files of 1 GiB. */
const PIECES_OF_A_FILE = 16_384

function headOf(fields: readonly string[]): Buffer {
  const line = `PUT /${randomId(15)}/photo.jpg?v=${randomId(48)} HTTP/1.1`
  const usual = ['Host: upload.example.org', 'Content-Type: image/jpeg', 'Content-Length: 65536']
  return Buffer.from(`${[line, ...usual, ...fields].join('\r\n')}\r\n\r\n`)
}

function headCase(name: string, fieldsOf: (at: number) => readonly string[]): MicroCase {
  return {
    name,
    prepare: async () => {
      const heads = Array.from({ length: HEADS }, (_, at) => headOf(fieldsOf(at)))
      const reader = new HeadReader()
      const read = (head: Buffer): void => {
        if (reader.read(head) === undefined) throw new BenchFailure('A plain head was not read.')
      }
      return {
        call: (index) => {
          const head = heads[index % HEADS]
          return head && read(head)
        },
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
}

const AGENT = 'User-Agent: Conversations/2.17.0 (Android 15)'

const HASHING: MicroCase = {
  name: 'SHA-256 of 64 KiB more of a file, inline',
  calls: PIECES_OF_A_FILE,
  prepare: async () => {
    const pieces = Array.from({ length: 64 }, (_, at) => Buffer.alloc(PIECE, at))
    let hash = createHash('sha256')
    return {
      call: (index) => {
        if (index === 0) hash = createHash('sha256')
        hash.update(pieces[index % pieces.length] ?? '')
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
}

/** What it costs to read a head in the fast lane, and to hash a body while it comes. */
export const BYTE_CASES: readonly MicroCase[] = [
  headCase('head read by the fast lane, its fields as those before', () => [AGENT]),
  headCase('head read by the fast lane, its fields new', (at) => [AGENT, `X-Request-ID: ${at}`]),
  HASHING,
]
