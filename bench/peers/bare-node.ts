import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { randomId } from '../../src/core/random.ts'
import { FLOOR } from '../server-names.ts'
import { startServer } from '../server-process.ts'
import { CONTENT_TYPE, type PeerSurroundings, type RunningPeer, type Slot } from './peer.ts'

const PROGRAM = path.join(import.meta.dirname, 'bare-node-server.ts')
const LARGEST_FILE = 2 ** 40

/** Starts the least that a program of Node.js does. Its clients are well: neither trickles nor cuts. */
export async function startBareNode(surroundings: PeerSurroundings): Promise<RunningPeer> {
  const { folder, signal, cores } = surroundings
  const [files, parts] = [path.join(folder, 'files'), path.join(folder, 'parts')]
  for (const each of [files, parts]) mkdirSync(each)
  const args = [PROGRAM, files, parts]
  const server = await startServer(
    { name: FLOOR, program: process.execPath, args, folder, cores },
    signal,
  )
  return {
    name: FLOOR,
    port: server.port,
    pid: server.pid,
    files,
    largestFile: LARGEST_FILE,
    servesFiles: true,
    only: ['W1', 'W2', 'W3', 'W4', 'W5'],
    comebacks: [],
    slots: async (count) => Array.from({ length: count }, freshSlot),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}

/** With a query of the length that a signature of ours has. */
function freshSlot(): Slot {
  const url = `/${randomId(15)}/file.bin`
  return { put: `PUT ${url}?v=${randomId(32)}\t${CONTENT_TYPE}`, get: `GET ${url}` }
}
