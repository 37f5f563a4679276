import { Refusal } from '../../core/refusals.ts'

/** What a tus client says of its file; nothing of it is trusted. */
export interface Metadata {
  /** As it came, to be given back by HEAD. */
  readonly text: string
  /** What it calls the media type, the likeliest first. */
  readonly types: readonly string[]
}

/** It is kept with the upload, so a client must not decide how much that is. */
const MAX_LENGTH = 4096

/** A key is printable ASCII without space and comma; base64 of nothing may be left out with its space. */
const PAIR = /^(?<key>[!-+\--~]+)(?: (?<value>[A-Za-z\d+/]*={0,2}))?$/u

/** Where clients write the media type: Uppy writes both, others the one or the other. */
const TYPE_KEYS = ['filetype', 'type']

/**
 * Reads `Upload-Metadata` (tus 1.0, Creation): pairs of a unique key and a value in base64.
 * Nothing for a missing or empty field. Refuses (`bad-request`) one that is malformed or too long.
 */
export function parseMetadata(field: string | undefined): Metadata | undefined {
  if (field === undefined || field === '') return undefined
  if (field.length > MAX_LENGTH) throw new Refusal('bad-request', { why: 'long Upload-Metadata' })
  const values = new Map<string, string>()
  for (const pair of field.split(',')) {
    const { key, value = '' } = PAIR.exec(pair.trim())?.groups ?? {}
    if (key === undefined || values.has(key)) {
      throw new Refusal('bad-request', { why: 'malformed Upload-Metadata' })
    }
    values.set(key, Buffer.from(value, 'base64').toString())
  }
  const types = TYPE_KEYS.map((key) => values.get(key)).filter(isSaid)
  return { text: field, types: [...new Set(types)] }
}

function isSaid(type: string | undefined): type is string {
  return type !== undefined && type !== ''
}
