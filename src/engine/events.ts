import type { ClientAddress } from '../core/client-address.ts'
import type { Face, SlotRecord, UploadRecord } from './slot-record.ts'

/**
 * Why an upload is given up: it waited too long, its client asked for it, its bytes are gone, there is no
 * room for more of them, or they are too many or others than its client had said.
 */
export type Abandonment =
  | 'expired'
  | 'requested'
  | 'lost'
  | 'disk-full'
  | 'too-long'
  | 'wrong-digest'

/** Why somebody removes a file: it was asked for, or an operator calls it abuse. */
export type RemovalReason = 'requested' | 'abuse'

/** Where an upload came from that another slot had begun, and who brought it. */
export interface Adoption {
  readonly from: SlotRecord
  readonly client: ClientAddress
}

/** Where the writer of a slot was, and where the request in another process that took its place came from. */
export interface Displacement {
  readonly from: ClientAddress
  /** Of the upload that was written to. */
  readonly face: Face
  /** Name of the writer's network, as the state has it. */
  readonly network: string
  /** That of the newer request, if the other process said it. */
  readonly rivalNetwork: string | undefined
}

/** Where the writer of a slot was, and where the newer request came from that took its place in this process. */
export interface Takeover {
  readonly from: ClientAddress
  readonly to: ClientAddress
  /** Of the upload that was written to. */
  readonly face: Face
}

/** What the engine tells the rest of the program; `observe` turns it into audit lines and metrics. */
export interface EngineEvents {
  /** A slot was used for the first time. */
  slotOpened(slot: SlotRecord, client: ClientAddress): void
  /** An expired grant was accepted once more on its slot. */
  recovered(slot: SlotRecord, client: ClientAddress): void
  /** A client came back to an upload by its resource. */
  continued(slot: SlotRecord, client: ClientAddress): void
  /** An upload that was cut goes on after its `durable` bytes, which are not sent again. */
  resumed(slot: SlotRecord, upload: UploadRecord, client: ClientAddress): void
  /** An upload begins with the `durable` bytes that another slot's upload had got; that slot is spent. */
  adopted(slot: SlotRecord, upload: UploadRecord, adoption: Adoption): void
  /** A newer request took the writer's place. */
  takenOver(slot: SlotRecord, takeover: Takeover): void
  /** A request in another process took the writer's place. */
  takenElsewhere(slot: SlotRecord, displacement: Displacement): void
  /** An upload ended before its last byte; `kept` bytes stay. */
  interrupted(slot: SlotRecord, upload: UploadRecord, kept: number): void
  /** A file became readable, `seconds` after its upload began. */
  published(slot: SlotRecord, upload: UploadRecord, seconds: number): void
  /** A finished slot was sent again: `same` bytes (201) or others (409). */
  repeated(slot: SlotRecord, outcome: 'same' | 'different'): void
  /** A published file was removed. */
  fileRemoved(slot: SlotRecord, why: RemovalReason | 'expired'): void
  /** An unfinished upload was given up and its bytes removed. */
  abandoned(slot: SlotRecord, upload: UploadRecord, why: Abandonment): void
}
