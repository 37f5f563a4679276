/** Where one file of one size is put, and read by others (XEP-0363 §5). */
export interface Slot {
  readonly put: string
  readonly get: string
}

/** Asks the page's own site for a slot; a page with an XMPP stream asks its XMPP server instead. */
export async function requestSlot(name: string, size: number): Promise<Slot> {
  const response = await fetch('slot', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name, size }),
  })
  if (!response.ok) throw new Error(`No slot: the site answered ${response.status}`)
  const slot = parseSlot(await response.json())
  if (slot === undefined) throw new Error('The answer of the site is no slot')
  return slot
}

/** Nothing if the value is no slot. */
export function parseSlot(value: unknown): Slot | undefined {
  const { put, get }: { put?: unknown; get?: unknown } = { ...Object(value) }
  return typeof put === 'string' && typeof get === 'string' ? { put, get } : undefined
}
