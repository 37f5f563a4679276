import type { SeededRandom } from '../../interop/seeded-random.ts'
import { type Choices, oneOf, spliced } from './choices.ts'
import { type Draft, type FieldLine, fieldLine, rendered, shuffled } from './draft.ts'
import {
  BLANKS,
  CHUNKS,
  CODINGS,
  CODING_NAMES,
  CONNECTIONS,
  FOLDS,
  FOLLOWS,
  GAPS,
  HOSTS,
  LASTS,
  LEADS,
  LENGTHS,
  LINE_ENDS,
  METHODS,
  ODD_OCTETS,
  TARGET_FORMS,
  VERSIONS,
} from './vocabulary.ts'

/** A way to change a head that knows what a head is. */
export interface DraftChange {
  readonly name: string
  readonly change: (draft: Draft, random: SeededRandom) => Draft
}

/** What is received into has 4 KiB; the parser of Node.js reads heads up to 16 KiB. */
const LIMITS: Choices<number> = [4 * 1024, 16 * 1024]

/** Every way there is; what they do is what their names say. */
export const DRAFT_CHANGES: Choices<DraftChange> = [
  { name: 'a field twice', change: twice },
  { name: 'a field twice, otherwise spelled', change: twiceOtherwise },
  { name: 'a field less', change: less },
  { name: 'another order', change: (d, random) => ({ ...d, fields: shuffled(random, d.fields) }) },
  { name: 'an odd octet in a name', change: inPart('name', odd) },
  { name: 'an odd octet in a value', change: inPart('value', odd) },
  { name: 'an odd octet at the end of a line', change: inPart('end', odd) },
  { name: 'other blanks before a value', change: inPart('colon', blanksAfter) },
  { name: 'blanks before a colon', change: inPart('colon', blanksBefore) },
  { name: 'a folded value', change: inPart('value', folded) },
  { name: 'no value', change: inPart('value', () => '') },
  { name: 'another line end', change: inPart('end', (_, random) => oneOf(random, LINE_ENDS)) },
  { name: 'another end of the first line', change: part('lineEnd', LINE_ENDS) },
  { name: 'another length', change: anotherLength },
  { name: 'one more length', change: more((random) => length(random)) },
  { name: 'a coding', change: coding },
  { name: 'a coding beside the length', change: more((random) => codingLine(random)) },
  { name: 'a word about the connection', change: more((random) => oneOf(random, CONNECTIONS)) },
  { name: 'another host', change: anotherHost },
  { name: 'one more host', change: more((random) => fieldLine('Host', oneOf(random, HOSTS))) },
  { name: 'another target', change: part('target', TARGET_FORMS) },
  { name: 'an odd octet in the target', change: (d, r) => ({ ...d, target: odd(d.target, r) }) },
  { name: 'another method', change: part('method', METHODS) },
  { name: 'another version', change: part('version', VERSIONS) },
  { name: 'other gaps', change: part('gap', GAPS) },
  { name: 'something before', change: part('lead', LEADS) },
  { name: 'another last line', change: part('last', LASTS) },
  { name: 'something else behind', change: part('follow', FOLLOWS) },
  { name: 'a size about a limit', change: aboutALimit },
  { name: 'many fields', change: manyFields },
]

type TextPart = 'lead' | 'method' | 'gap' | 'target' | 'version' | 'lineEnd' | 'last' | 'follow'

function part(name: TextPart, choices: Choices<string>): DraftChange['change'] {
  return (draft, random) => ({ ...draft, [name]: oneOf(random, choices) })
}

function inPart(
  name: keyof FieldLine,
  text: (old: string, random: SeededRandom) => string,
): DraftChange['change'] {
  return (draft, random) => {
    const at = random.integer(0, draft.fields.length - 1)
    const line = draft.fields[at]
    if (line === undefined) return draft
    return {
      ...draft,
      fields: draft.fields.with(at, { ...line, [name]: text(line[name], random) }),
    }
  }
}

function more(line: (random: SeededRandom) => FieldLine): DraftChange['change'] {
  return (draft, random) => {
    const at = random.integer(0, draft.fields.length)
    return { ...draft, fields: draft.fields.toSpliced(at, 0, line(random)) }
  }
}

function odd(text: string, random: SeededRandom): string {
  return spliced(random, text, [oneOf(random, ODD_OCTETS), random.integer(0, 1)])
}

function folded(text: string, random: SeededRandom): string {
  return spliced(random, text, [oneOf(random, FOLDS), 0])
}

function blanksBefore(_: string, random: SeededRandom): string {
  return `${oneOf(random, BLANKS)}: `
}

function blanksAfter(_: string, random: SeededRandom): string {
  return `:${oneOf(random, BLANKS)}`
}

function twice(draft: Draft, random: SeededRandom): Draft {
  const line = draft.fields[random.integer(0, draft.fields.length - 1)]
  return line === undefined ? draft : more(() => line)(draft, random)
}

function twiceOtherwise(draft: Draft, random: SeededRandom): Draft {
  const line = draft.fields[random.integer(0, draft.fields.length - 1)]
  if (line === undefined) return draft
  const name = oneOf(random, [line.name.toUpperCase(), line.name.toLowerCase(), `${line.name} `])
  return more(() => ({ ...line, name, value: odd(line.value, random) }))(draft, random)
}

function less(draft: Draft, random: SeededRandom): Draft {
  return { ...draft, fields: draft.fields.toSpliced(random.integer(0, draft.fields.length - 1), 1) }
}

function length(random: SeededRandom): FieldLine {
  const name = oneOf(random, ['Content-Length', 'content-length', 'Content_Length'])
  return fieldLine(name, oneOf(random, LENGTHS))
}

function codingLine(random: SeededRandom): FieldLine {
  return fieldLine(oneOf(random, CODING_NAMES), oneOf(random, CODINGS))
}

function without(draft: Draft, unwanted: string): Draft {
  const fields = draft.fields.filter(({ name }) => name.toLowerCase() !== unwanted)
  return { ...draft, fields }
}

function anotherLength(draft: Draft, random: SeededRandom): Draft {
  return more(length)(without(draft, 'content-length'), random)
}

function coding(draft: Draft, random: SeededRandom): Draft {
  const follow = oneOf(random, CHUNKS)
  return more(codingLine)({ ...without(draft, 'content-length'), follow }, random)
}

function anotherHost(draft: Draft, random: SeededRandom): Draft {
  return more(() => fieldLine('Host', oneOf(random, HOSTS)))(without(draft, 'host'), random)
}

function aboutALimit(draft: Draft, random: SeededRandom): Draft {
  const padding = fieldLine('X-Padding', 'x')
  const padded = { ...draft, fields: [...draft.fields, padding] }
  const head = rendered({ ...padded, follow: '' }).length
  const missing = oneOf(random, LIMITS) + random.integer(-3, 3) - head
  const value = 'x'.repeat(Math.max(0, missing) + 1)
  return { ...draft, fields: [...draft.fields, { ...padding, value }] }
}

function manyFields(draft: Draft, random: SeededRandom): Draft {
  const count = random.integer(20, 500)
  const added = Array.from({ length: count }, (_, at) => ({
    ...fieldLine(`X${at}`, 'y'),
    colon: ':',
  }))
  return { ...draft, fields: [...draft.fields, ...added] }
}
