import type { Slot } from 'hmac-file-server/client'

/** Asks the page's own server. Throws if it does not answer, or refuses. */
export async function askSite(
  path: string,
  question: object,
): Promise<ReadonlyMap<string, unknown>> {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(question),
  })
  if (!response.ok) throw new Error(`The page's server answered ${response.status}`)
  const answer: unknown = await response.json()
  return new Map(Object.entries(Object(answer)))
}

/** A slot for a file. A page with an XMPP stream asks its XMPP server instead (XEP-0363 §5). */
export async function requestSlot({ name, size }: File): Promise<Slot> {
  const answer = await askSite('slot', { name, size })
  const [put, get] = [answer.get('put'), answer.get('get')]
  if (typeof put !== 'string' || typeof get !== 'string') throw new Error('The answer is no slot')
  return { put, get }
}
