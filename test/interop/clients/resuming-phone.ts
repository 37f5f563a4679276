/**
 * Our client as a program: URL, file, bytes per second. Prints an event per line, as JSON.
 * A line on standard input says that the device has another network.
 */
import process from 'node:process'
import { createInterface } from 'node:readline'
import { httpTransport } from '../../../src/client/node/http-transport.ts'
import { upload } from '../../../src/client/node/main.ts'
import { toldNetwork } from '../../client/told-network.ts'

/** Milliseconds, far below what a server may take to notice that we are gone. */
const STALL = 1_000

const [put = '', file = '', rate = ''] = process.argv.slice(2)
const network = toldNetwork()
const input = createInterface({ input: process.stdin })
input.on('line', network.change)
await upload(
  file,
  { put, get: put },
  {
    network,
    stall: STALL,
    transport: httpTransport({ rate: Number(rate) }),
    signal: AbortSignal.timeout(120_000),
    onEvent: (event) => {
      const reason = event.kind === 'lost' ? { reason: String(event.reason) } : {}
      console.log(JSON.stringify({ ...event, ...reason }))
    },
  },
)
console.log(JSON.stringify({ kind: 'complete' }))
input.close()
