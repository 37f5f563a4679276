import type { SeededRandom } from '../../interop/seeded-random.ts'
import { BYTE_CHANGES } from './byte-changes.ts'
import { happens, oneOf } from './choices.ts'
import { type Draft, orderlyDraft, rendered } from './draft.ts'
import { DRAFT_CHANGES } from './draft-changes.ts'

/** What a connection brings at once: a head, mostly, and what follows it. */
export interface Specimen {
  readonly bytes: Buffer
  /** How many of the bytes the first read brings. */
  readonly firstRead: number
  /** Where the parser of Node.js gets them in two pieces. */
  readonly cut: number
  /** What was changed; nothing in a head in order. */
  readonly changes: readonly string[]
}

/** Heads that one connection brings one after another, most of them changes of one. */
export function* conversation(random: SeededRandom): Generator<Specimen> {
  const draft = orderlyDraft(random)
  yield received(random, rendered(draft), [])
  for (let more = random.integer(1, 8); more > 0; more -= 1) yield changed(random, draft)
}

function changed(random: SeededRandom, draft: Draft): Specimen {
  const changes: string[] = []
  let latest = draft
  const structural = happens(random, 0.7) ? random.integer(1, 2) : 0
  for (let left = structural; left > 0; left -= 1) {
    const { name, change } = oneOf(random, DRAFT_CHANGES)
    latest = change(latest, random)
    changes.push(name)
  }
  let text = rendered(latest).toString('latin1')
  const byOctets = structural === 0 || happens(random, 0.2) ? random.integer(1, 2) : 0
  for (let left = byOctets; left > 0; left -= 1) {
    const { name, change } = oneOf(random, BYTE_CHANGES)
    text = change(text, random)
    changes.push(name)
  }
  return received(random, Buffer.from(text, 'latin1'), changes)
}

function received(random: SeededRandom, bytes: Buffer, changes: readonly string[]): Specimen {
  const isCut = changes.length > 0 && happens(random, 0.05)
  const firstRead = isCut ? random.integer(0, bytes.length) : bytes.length
  return { bytes, firstRead, cut: random.integer(0, bytes.length), changes }
}
