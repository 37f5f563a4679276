export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a parsed JSON value has fields; those of an array are its places. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null
}

/** The object that a part of a compact JWS (RFC 7515 §7.1) encodes; nothing if it is none. */
export function decodedObject(part: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return isJsonObject(parsed) ? parsed : undefined
  } catch {
    return undefined // No JSON: no part of anything that was signed either.
  }
}
