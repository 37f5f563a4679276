import type { Interop } from '../app/rufh-client.ts'
import { append, completeness, creation, head, located } from '../app/rufh-client.ts'
import { CHUNK, TUS, targetOf } from '../app/tus-client.ts'
import type { SignedPut } from '../app/slots.ts'
import type { RawRequest, Reply } from '../app/wire-client.ts'
import type { FaceName } from './matrix.ts'

/** How an upload stands, as its server tells. */
export interface Standing {
  readonly offset: number
  readonly isComplete: boolean
}

/** How a client uploads one file by one protocol, and goes on with it. */
export interface Transfer {
  /** Makes an upload, where that needs a request of its own. */
  readonly prepare?: {
    readonly request: RawRequest
    readonly taken: (reply: Reply) => void
  }
  /** The request that brings all bytes. */
  first(): RawRequest
  /** Where the server tells of the upload before it has all bytes (status 104); absent: it does not. */
  readonly informed?: (headers: Reply['headers']) => void
  /** Asks how the upload stands; absent: nobody can, the client starts again. */
  readonly query?: () => RawRequest
  /** Reads the answer to that. */
  standing(reply: Reply): Standing
  /** The request that brings what is missing. */
  rest(offset: number): RawRequest
  /** Status of the answer to the last byte. */
  readonly final: number
}

const NOTHING = Buffer.alloc(0)

/** The transfer of a slot's bytes, which `put` would bring at once. */
export function transferOf(face: FaceName, put: SignedPut): Transfer {
  switch (face) {
    case 'plain':
      return plain(put)
    case 'rufh-3':
      return interopTransfer(put, 3)
    case 'rufh-5':
      return interopTransfer(put, 5)
    case 'rufh-6':
      return interopTransfer(put, 6)
    case 'rufh-8':
      return interopTransfer(put, 8)
    case 'rufh-none':
      return carefulTransfer(put)
    case 'tus':
      return tus(put)
    case 'range':
      return range(put)
  }
}

/** XEP-0363: the whole file again. */
function plain(put: SignedPut): Transfer {
  return {
    first: () => put,
    standing: () => ({ offset: 0, isComplete: false }),
    rest: () => put,
    final: 201,
  }
}

/** A client that is told of its upload by status 104. */
function interopTransfer(put: SignedPut, interop: Interop): Transfer {
  let target = ''
  return {
    first: () => creation(put, interop),
    informed: (headers) => {
      target = located({ headers })
    },
    ...resumption(put, interop, () => target),
  }
}

/** A client that hears no 104: it creates its upload without a byte. */
function carefulTransfer(put: SignedPut): Transfer {
  let target = ''
  const resuming = resumption(put, undefined, () => target)
  return {
    prepare: {
      request: creation(put, undefined, { bytes: NOTHING, isComplete: false }),
      taken: (reply) => {
        target = located(reply)
      },
    },
    first: () => resuming.rest(0),
    ...resuming,
  }
}

function resumption(
  put: SignedPut,
  interop: Interop,
  target: () => string,
): Pick<Transfer, 'query' | 'standing' | 'rest' | 'final'> {
  return {
    query: () => head(target(), interop),
    standing: ({ headers }) => ({
      offset: Number(headers['upload-offset']),
      isComplete: saysComplete(headers, interop),
    }),
    rest: (offset) => {
      const bytes = put.body.subarray(offset)
      return append(target(), interop, { offset, bytes, isComplete: true })
    },
    final: 201,
  }
}

function saysComplete(headers: Reply['headers'], interop: Interop): boolean {
  const fields = Object.entries(completeness(interop, true))
  return fields.every(([name, value]) => headers[name.toLowerCase()] === value)
}

function tus(put: SignedPut): Transfer {
  let target = ''
  const size = put.body.length
  const rest = (offset: number): RawRequest => ({
    method: 'PATCH',
    target,
    headers: { ...CHUNK, 'Upload-Offset': String(offset) },
    body: put.body.subarray(offset),
  })
  return {
    prepare: {
      request: {
        method: 'POST',
        target: put.target,
        headers: { ...TUS, 'Upload-Length': String(size) },
      },
      taken: (reply) => {
        target = targetOf(reply)
      },
    },
    first: () => rest(0),
    query: () => ({ method: 'HEAD', target, headers: TUS }),
    standing: ({ headers }) => {
      const offset = Number(headers['upload-offset'])
      return { offset, isComplete: offset === size }
    },
    rest,
    final: 204,
  }
}

/** RFC 9110 §14.5, and 308 as Google's resumable uploads use it. */
function range(put: SignedPut): Transfer {
  const size = put.body.length
  const rest = (offset: number): RawRequest => ({
    ...put,
    headers: { 'Content-Range': `bytes ${offset}-${size - 1}/${size}` },
    body: put.body.subarray(offset),
  })
  return {
    first: () => rest(0),
    query: () => ({ ...put, headers: { 'Content-Range': `bytes */${size}` }, body: NOTHING }),
    standing: ({ status, headers }) => ({
      offset: status === 201 ? size : Number(headers['upload-offset']),
      isComplete: status === 201,
    }),
    rest,
    final: 201,
  }
}
