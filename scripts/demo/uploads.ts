import { setTimeout as delay } from 'node:timers/promises'
import { HEADER } from '../../src/wire/header-names.ts'
import { connectingTransport } from '../../src/client/node/connecting-transport.ts'
import { upload } from '../../src/client/node/main.ts'
import type { UploadEvent } from '../../src/client/upload-event.ts'
import type { Transport } from '../../src/client/transport.ts'
import type { Journey } from './journey.ts'
import { type Show, megabytes } from './show.ts'

/** Bytes per second that the phone sends. */
const RATE = 60_000_000

/** What a connection takes that leads nowhere, in bytes. */
const WORTH_A_WORD = 1_000_000

/** Before a client that starts over tries again, in milliseconds. */
const REST = 250

export interface UploadRun {
  readonly url: string
  readonly file: Blob
  readonly journey: Journey
  readonly show: Show
  readonly signal: AbortSignal
}

/** What an upload took. */
export interface Cost {
  /** Bytes that were handed to the network, all together. */
  readonly sent: number
  /** Bytes that were sent although the server had said that it has them. */
  readonly needless: number
}

/** By our client, which asks where the upload stands and goes on there. */
export async function uploadResuming(run: UploadRun): Promise<Cost> {
  const { url, file, journey, show, signal } = run
  const cost = { sent: 0, needless: 0 }
  let stands = 0
  let at = 0
  let isLost = false

  function onEvent(event: UploadEvent): void {
    if (event.kind === 'lost') isLost = true
    if (event.kind === 'stands') {
      stands = event.offset
      if (isLost) tellWhatIsLost()
      isLost = false
    }
    if (event.kind === 'sending') {
      cost.needless += stands - event.offset
      at = event.offset
    }
    if (event.kind !== 'sent') return
    cost.sent += event.offset - at
    at = event.offset
    show.progress(at, file.size)
    journey.reached(at / file.size)
  }

  function tellWhatIsLost(): void {
    const lost = megabytes(Math.max(0, at - stands))
    show.note(`The server has ${megabytes(stands)}: on from there. ${lost} got lost on the way`)
  }

  const network = { isOnline: () => true, onChange: journey.whenNetworkChanges }
  const transport = transportOf(run)
  await upload(file, { put: url, get: url }, { signal, transport, network, onEvent })
  show.note('201: published')
  return cost
}

/** As most clients do: one PUT, and from the first byte again if that fails. */
export async function uploadStartingOver(run: UploadRun): Promise<Cost> {
  const { url, file, journey, show, signal } = run
  const transport = transportOf(run)
  const cost = { sent: 0, needless: 0 }
  let at = 0
  const onSent = (bytes: number): void => {
    cost.sent += bytes - at
    at = bytes
    show.progress(at, file.size)
    journey.reached(at / file.size)
  }
  for (;;) {
    const attempt = new AbortController()
    journey.whenNetworkChanges(() => attempt.abort(), attempt.signal)
    const request = { method: 'PUT', url, headers: PLAIN, body: file, onSent } as const
    const both = AbortSignal.any([signal, attempt.signal])
    const status = await statusOf(transport({ ...request, signal: both }))
    signal.throwIfAborted()
    if (status === 201) break
    if (at > WORTH_A_WORD) show.note(`${megabytes(at)} in vain: again from the first byte`)
    at = 0
    await delay(REST, undefined, { signal })
  }
  show.note('201: published')
  return cost
}

const PLAIN = { [HEADER.contentType]: 'application/octet-stream' }

function transportOf({ journey }: UploadRun): Transport {
  return connectingTransport({ connect: journey.connect, rate: RATE })
}

/** Nothing if the connection was lost. */
async function statusOf(answer: ReturnType<Transport>): Promise<number | undefined> {
  try {
    return (await answer).status
  } catch {
    return undefined
  }
}
