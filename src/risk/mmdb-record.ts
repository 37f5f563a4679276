import { isJsonObject } from '../core/json-object.ts'
import { type ClassKnowledge, classIn } from './network-class.ts'
import type { Place } from './place.ts'

/** Kilometres to the other end of the world. */
const HALF_AROUND = 20_037

/** A place, with what there is only one record's word for. */
export type RecordedPlace = Place & ClassKnowledge

type Fields = Readonly<Record<string, unknown>>

/**
 * What a record says of a place: those of MaxMind and DB-IP (`country.iso_code`, `location`,
 * `autonomous_system_number`, alone or within `traits`) and flat ones (`country_code`, `latitude`, `asn`). Nothing
 * if it says nothing.
 */
export function placeOf(record: unknown): RecordedPlace | undefined {
  if (!isJsonObject(record)) return undefined
  const place = {
    ...countryOf(record),
    ...positionOf(record),
    ...systemOf(record),
    ...classIn(record),
  }
  return Object.keys(place).length === 0 ? undefined : place
}

function countryOf(record: Fields): Place {
  const { country } = record
  const code = isJsonObject(country) ? country['iso_code'] : (record['country_code'] ?? country)
  return typeof code === 'string' && /^[A-Z]{2}$/iu.test(code)
    ? { country: code.toUpperCase() }
    : {}
}

function positionOf(record: Fields): Place {
  const { location } = record
  const {
    latitude,
    longitude,
    accuracy_radius: accuracy,
  } = isJsonObject(location) ? location : record
  if (!isBetween(latitude, [-90, 90]) || !isBetween(longitude, [-180, 180])) return {}
  return { latitude, longitude, ...(isBetween(accuracy, [0, HALF_AROUND]) ? { accuracy } : {}) }
}

function systemOf(record: Fields): Place {
  const { traits } = record
  const of = isJsonObject(traits) ? traits : record
  const number =
    record['autonomous_system_number'] ?? of['autonomous_system_number'] ?? record['asn']
  const asn = typeof number === 'string' ? Number(number.replace(/^AS/iu, '')) : number
  return typeof asn === 'number' && Number.isSafeInteger(asn) && asn > 0 ? { asn } : {}
}

function isBetween(value: unknown, [least, most]: readonly [number, number]): value is number {
  return typeof value === 'number' && value >= least && value <= most
}
