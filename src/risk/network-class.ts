import { isJsonObject } from '../core/json-object.ts'
import { classOfName } from './organisation-words.ts'
import type { NetworkClass } from './place.ts'

/** What a record says of the class of a network. */
export interface ClassKnowledge {
  /** What the record states. */
  readonly networkClass?: NetworkClass
  /** What the name of whoever announces it suggests: good where no database states anything. */
  readonly suggestedClass?: NetworkClass
}

type Fields = Readonly<Record<string, unknown>>

/** Fields that state a class in a word: of MaxMind, DB-IP (both also within `traits`) and IPinfo. */
const WORD_FIELDS = ['user_type', 'connection_type', 'as_type', 'type'] as const

/** Fields that state a class by being true. */
const FLAGS = {
  is_mobile: 'mobile',
  is_hosting: 'hosting',
  is_hosting_provider: 'hosting',
} as const satisfies Readonly<Record<string, NetworkClass>>

/** Fields with the name of whoever announces an address. */
const NAME_FIELDS = ['autonomous_system_organization', 'as_name', 'name'] as const

/** Leads customers to the internet, through the air or a line. */
const ACCESS = 'access'

/** The words that those fields use, in lower case. */
const STATED: ReadonlyMap<string, NetworkClass | typeof ACCESS> = new Map([
  ['cellular', 'mobile'],
  ['mobile', 'mobile'],
  ['hosting', 'hosting'],
  ['content_delivery_network', 'hosting'],
  ['search_engine_spider', 'hosting'],
  ['residential', 'fixed'],
  ['cable/dsl', 'fixed'],
  ['dialup', 'fixed'],
  ['business', 'fixed'],
  ['corporate', 'fixed'],
  ['cafe', 'fixed'],
  ['traveler', 'fixed'],
  ['college', 'fixed'],
  ['school', 'fixed'],
  ['education', 'fixed'],
  ['library', 'fixed'],
  ['government', 'fixed'],
  ['military', 'fixed'],
  ['isp', ACCESS],
])

/** A record may state several, as `Cellular` of a `business`: the first of these is the most particular. */
const PARTICULAR: readonly NetworkClass[] = ['mobile', 'hosting', 'fixed']

/** What a record of a database says of the class of a network. */
export function classIn(record: Fields): ClassKnowledge {
  const { traits } = record
  const parts = isJsonObject(traits) ? [record, traits] : [record]
  const stated = new Set(parts.flatMap(statements))
  const networkClass = PARTICULAR.find((each) => stated.has(each))
  if (networkClass !== undefined) return { networkClass }
  const suggestedClass = parts.map(suggestion).find((each) => each !== undefined)
  // Whoever is known to give access is no host, however it calls itself.
  const isDenied = suggestedClass === 'hosting' && stated.has(ACCESS)
  return suggestedClass === undefined || isDenied ? {} : { suggestedClass }
}

function statements(part: Fields): (NetworkClass | typeof ACCESS)[] {
  const words = WORD_FIELDS.map((field) => part[field])
  const stated = words.map((word) =>
    typeof word === 'string' ? STATED.get(word.toLowerCase()) : undefined,
  )
  const flagged = Object.entries(FLAGS).map(([field, kind]) =>
    // Some databases write their flags as text.
    part[field] === true || part[field] === 'true' ? kind : undefined,
  )
  return [...stated, ...flagged].filter((each) => each !== undefined)
}

function suggestion(part: Fields): NetworkClass | undefined {
  const name = NAME_FIELDS.map((field) => part[field]).find((each) => typeof each === 'string')
  return name === undefined ? undefined : classOfName(name)
}
