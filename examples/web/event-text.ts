import type { UploadEvent } from 'hmac-file-server/client'
import { bytesText, secondsText } from './quantities.ts'

const FACES = {
  rufh: 'The server speaks resumable uploads (IETF)',
  tus: 'The server speaks tus',
  plain: 'The server knows a single PUT only: after a loss, the file is sent anew',
} as const

/** What needs no more than its name to be told. */
const WORDS = {
  created: 'The upload was created',
  restored: 'Goes on with what was left behind',
  network: 'There may be another network',
  bound: 'The upload is bound to a key',
  challenged: 'The server asked for a proof, and got it',
  reauthenticating: 'Asks for a new slot',
  published: 'The file is there',
} as const

/** An event that is a line of its own. */
export type ToldEvent = Exclude<UploadEvent, { kind: 'sent' | 'sending' }>

type PlainEvent = Extract<UploadEvent, { kind: keyof typeof WORDS }>

/** What happened, in a sentence. */
export function eventText(event: ToldEvent): string {
  return isPlain(event) ? WORDS[event.kind] : detailedText(event)
}

function isPlain(event: UploadEvent): event is PlainEvent {
  return event.kind in WORDS
}

function detailedText(event: Exclude<ToldEvent, PlainEvent>): string {
  switch (event.kind) {
    case 'face':
      return FACES[event.face]
    case 'stands':
      return `The server has ${bytesText(event.offset)}`
    case 'lost':
      return `The connection is lost: ${reasonText(event.reason)}`
    case 'waiting':
      return `Waits for ${secondsText(event.wait / 1000)}, or for the network`
    case 'adopted':
      return `The new slot goes on at ${bytesText(event.offset)}`
  }
}

function reasonText(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason)
}
