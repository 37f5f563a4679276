/** Whether a parsed JSON value has fields; those of an array are its places. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
