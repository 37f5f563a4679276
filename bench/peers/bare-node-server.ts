/**
 * The least that a program of Node.js does to store and serve files over HTTP: FOLDER of the files, FOLDER of the
 * unfinished ones. Prints its port. It checks nothing, records nothing and limits nothing, and knows no
 * request but those of the load generator.
 */
import { createHmac } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { takeOver } from '../../src/http/fast-lane/accepted-socket.ts'

const BUFFER_BYTES = 256 * 1024
/** Buffers of one download on their way. */
const AT_ONCE = 2
const END_OF_HEAD = '\r\n\r\n'
const CREATED = 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n'

const [files = '', parts = ''] = process.argv.slice(2)
/** All connections receive into it, one after the other. */
const received = Buffer.allocUnsafeSlow(BUFFER_BYTES)
/** Sent from; the last one that became free is still in the processor's cache. */
const free: Buffer[] = []
const published = new Map<string, Published>()
let partsSoFar = 0

/** A file that was asked for; it stays open. */
interface Published {
  readonly descriptor: number
  readonly size: number
}

/** A file on its way in. */
interface Upload {
  readonly descriptor: number
  readonly part: string
  readonly file: string
  missing: number
}

interface Connection {
  readonly socket: Socket
  upload?: Upload | undefined
}

function take(connection: Connection, bytes: Buffer): void {
  if (connection.upload !== undefined) return store(connection, connection.upload, bytes)
  const end = bytes.indexOf(END_OF_HEAD)
  const head = bytes.toString('latin1', 0, end)
  const [method, url = ''] = head.split(' ', 2)
  const file = path.join(files, url.replace(/\?.*/u, '').replaceAll('/', '_'))
  if (method === 'GET') return send(connection, file)
  createHmac('sha256', 'the least a grant costs').update(url).digest('hex')
  const [, length] = /\r\ncontent-length: (\d+)/iu.exec(head) ?? []
  const part = path.join(parts, String((partsSoFar += 1)))
  const descriptor = openSync(part, 'wx')
  connection.upload = { descriptor, part, file, missing: Number(length) }
  store(connection, connection.upload, bytes.subarray(end + END_OF_HEAD.length))
}

function store(connection: Connection, upload: Upload, bytes: Buffer): void {
  if (bytes.length > 0) writeSync(upload.descriptor, bytes)
  upload.missing -= bytes.length
  if (upload.missing > 0) return
  closeSync(upload.descriptor)
  renameSync(upload.part, upload.file)
  connection.upload = undefined
  connection.socket.write(CREATED, 'latin1')
}

/** The head and the first bytes leave together; the next buffer is filled while one is on its way. */
function send({ socket }: Connection, file: string): void {
  const { descriptor, size } = published.get(file) ?? open(file)
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}${END_OF_HEAD}`
  let [sent, leaving] = [0, 0]
  const proceed = (): void => {
    while (leaving < AT_ONCE && sent < size && !socket.destroyed) {
      const buffer = free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
      const used = sent === 0 ? buffer.write(head, 'latin1') : 0
      const count = readSync(descriptor, buffer, used, buffer.length - used, sent)
      sent += count
      leaving += 1
      socket.write(buffer.subarray(0, used + count), () => {
        free.push(buffer)
        leaving -= 1
        proceed()
      })
    }
  }
  proceed()
}

function open(file: string): Published {
  const descriptor = openSync(file, 'r')
  const opened = { descriptor, size: fstatSync(descriptor).size }
  published.set(file, opened)
  return opened
}

const server = createServer({ pauseOnConnect: true }, (accepted) => {
  const socket = takeOver(accepted, {
    buffer: () => received,
    received(count) {
      take(connection, received.subarray(0, count))
      return true
    },
  })
  if (socket === undefined) throw new Error('Node.js keeps its handles elsewhere than it did')
  const connection: Connection = { socket }
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('end', () => socket.end())
  socket.resume()
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address()
  if (typeof address === 'object') console.log(`Listening on 127.0.0.1:${address?.port}`)
})
