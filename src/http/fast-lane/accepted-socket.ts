import { Socket, type SocketConstructorOpts } from 'node:net'

/** How the bytes of a connection are received. */
export interface Reception {
  /** The buffer for the next bytes: used again as soon as `received` has returned. */
  readonly buffer: () => Uint8Array
  /** Takes the first `count` bytes of the buffer; `false` pauses the connection until `resume`. */
  readonly received: (count: number, buffer: Uint8Array) => boolean
}

/**
 * Takes a connection over from the socket that Node.js has just accepted: a new socket on the
 * same handle receives into buffers of our choice, which `net.Socket` offers for outgoing connections only.
 * Nothing has been read from the old one yet; it stays to be told when the connection closes.
 * Returns nothing where Node.js keeps its handles elsewhere than it did: then the old one is untouched.
 */
export function takeOver(accepted: Socket, reception: Reception): Socket | undefined {
  const handle: unknown = Reflect.get(accepted, HANDLE)
  if (!isHandle(handle)) return undefined
  Reflect.set(accepted, HANDLE, null)
  const socket = socketOn(handle, reception)
  // The server counts the sockets that it accepted.
  socket.once('close', () => accepted.destroy())
  return socket
}

/**
 * Gives a connection on to a fresh socket that reads as usual, `bytes` first. The old one is
 * without effect from now on, and must not be used any more.
 */
export function passOn(socket: Socket, bytes: Uint8Array): Socket {
  const handle: unknown = Reflect.get(socket, HANDLE)
  if (!isHandle(handle)) throw new Error('The connection is closed')
  Reflect.set(socket, HANDLE, null)
  const passed: Socket = socketOn(handle, {
    // A handle that once got a buffer always wants one; a parser that reads it by itself is not concerned.
    buffer: () => SCRATCH,
    received: (count, buffer) => passed.push(Buffer.from(buffer.subarray(0, count))),
  })
  passed.once('close', () => socket.destroy())
  passed.unshift(bytes)
  return passed
}

/** Where `net.Socket` keeps what it got from libuv; not documented, hence the test at the start. */
const HANDLE = '_handle'

/** Copied from before anything else can be received into it. */
const SCRATCH = Buffer.allocUnsafeSlow(16 * 1024)

/** What is declared is a socket that was bound before; an accepted connection's handle serves as well. */
type Handle = NonNullable<SocketConstructorOpts['handle']>

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'readStart' in value
}

function socketOn(handle: Handle, { buffer, received }: Reception): Socket {
  const options = {
    handle,
    allowHalfOpen: true,
    readable: true,
    writable: true,
    // One answer at a time is written, and waited for: `drain` would only tell what is known.
    writableHighWaterMark: 1024 * 1024,
    onread: { buffer, callback: received },
  }
  return new Socket(options)
}
