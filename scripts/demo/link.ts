import type { Socket } from 'node:net'
import { Transform } from 'node:stream'

/** Two connections that pass everything on to each other, ends included. */
export interface Link {
  /** From now on nothing passes, in either direction, and neither end is told. */
  readonly silence: () => void
  /** Both ends are told at once. */
  readonly cut: () => void
}

/** Joins a phone's connection with one to the server; what the phone sends goes through `way`, if there is one. */
export function link(phone: Socket, upstream: Socket, way?: Transform): Link {
  let isSilent = false
  const destroy = (socket: Socket) => (): void => {
    if (!isSilent) socket.destroy()
  }
  if (way) phone.pipe(way).pipe(upstream)
  else phone.pipe(upstream)
  upstream.pipe(phone)
  phone.once('close', destroy(upstream))
  upstream.once('close', destroy(phone))
  return {
    silence() {
      isSilent = true
      way?.unpipe()
      for (const socket of [phone, upstream]) socket.unpipe().pause()
    },
    cut() {
      for (const socket of [phone, upstream]) socket.resetAndDestroy()
    },
  }
}

/** Lets bytes pass no faster than `rate()` says, in bytes per second, and tells how many have come. */
export function pacedWay(rate: () => number, onPassed: (bytes: number) => void): Transform {
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      onPassed(piece.length)
      const wait = (piece.length / rate()) * 1000
      if (wait === 0) done(null, piece)
      else setTimeout(() => done(null, piece), wait)
    },
  })
}
