/** Writes a value as TOML on one line; `undefined` as an empty text. */
export function tomlText(value: unknown): string {
  if (value === undefined) return '""'
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z')
  if (Array.isArray(value)) return `[${value.map((entry) => tomlText(entry)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).map(([key, entry]) => `${key} = ${tomlText(entry)}`)
  return `{ ${pairs.join(', ')} }`
}
