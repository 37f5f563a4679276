import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { startServer } from '../server-process.ts'
import type { PeerSurroundings, RunningPeer, Slot } from './peer.ts'

const PROGRAM = path.join(import.meta.dirname, 'tus-server.mjs')
const LARGEST_FILE = 2 ** 40

/** Starts `@tus/server` with its file store. It is asked for no file: tus knows uploads only. */
export async function startTus(surroundings: PeerSurroundings): Promise<RunningPeer> {
  const { folder, signal, cores } = surroundings
  const files = path.join(folder, 'files')
  mkdirSync(files)
  const args = [PROGRAM, files]
  const command = { name: '@tus/server', program: process.execPath, args, folder, cores }
  const server = await startServer(command, signal)
  return {
    name: 'tus',
    port: server.port,
    pid: server.pid,
    files,
    largestFile: LARGEST_FILE,
    servesFiles: false,
    comebacks: ['tus'],
    slots: async (count, size) => Array.from({ length: count }, () => creation(size)),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

/** Creation With Upload of tus 1.0: one POST that brings the whole file. */
function creation(size: number): Slot {
  const fields = [
    'Tus-Resumable: 1.0.0',
    `Upload-Length: ${size}`,
    'Content-Type: application/offset+octet-stream',
  ]
  return { put: `POST /files\t${fields.join('|')}`, get: 'GET /files' }
}
