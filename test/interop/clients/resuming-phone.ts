/**
 * Our resuming client as a program: URL, file, bytes per second. Prints an event per line, as JSON.
 * A line on standard input says that the device has another network.
 */
import { openAsBlob } from 'node:fs'
import process from 'node:process'
import { createInterface } from 'node:readline'
import { httpTransport } from '../../../src/client/node/http-transport.ts'
import { startUpload } from '../../../src/client/resuming-upload.ts'

/** Far below what a server may take to notice that we are gone. */
const STALL = 1_000

const [url = '', file = '', rate = ''] = process.argv.slice(2)
const upload = startUpload({
  url,
  file: await openAsBlob(file),
  transport: httpTransport({ stall: STALL, patience: STALL, rate: Number(rate) }),
  signal: AbortSignal.timeout(120_000),
  onEvent: (event) => {
    const reason = event.kind === 'lost' ? { reason: String(event.reason) } : {}
    console.log(JSON.stringify({ ...event, ...reason }))
  },
})
const input = createInterface({ input: process.stdin })
input.on('line', upload.networkChanged)
await upload.done
console.log(JSON.stringify({ kind: 'complete' }))
input.close()
