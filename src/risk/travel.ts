import type { Place } from './place.ts'

const EARTH_RADIUS = 6_371

/**
 * Kilometres by which a position is uncertain even where the database is surer: the gateways of mobile
 * networks and proxies stand where the carrier put them, not where the phone is.
 */
const LEAST_UNCERTAINTY = 250

/**
 * Kilometres that lie between two places for certain, over the great circle and less what both
 * positions are uncertain by; 0 if a position is unknown.
 */
export function leastDistance(from: Place | undefined, to: Place | undefined): number {
  const [start, end] = [positionOf(from), positionOf(to)]
  if (start === undefined || end === undefined) return 0
  return Math.max(0, greatCircle(start, end) - start.uncertainty - end.uncertainty)
}

interface Position {
  /** Radians. */
  readonly latitude: number
  readonly longitude: number
  /** Kilometres. */
  readonly uncertainty: number
}

function positionOf(place: Place | undefined): Position | undefined {
  if (place?.latitude === undefined || place.longitude === undefined) return undefined
  return {
    latitude: radians(place.latitude),
    longitude: radians(place.longitude),
    uncertainty: Math.max(place.accuracy ?? 0, LEAST_UNCERTAINTY),
  }
}

/** The haversine formula. */
function greatCircle(from: Position, to: Position): number {
  const height = Math.sin((to.latitude - from.latitude) / 2) ** 2
  const width = Math.sin((to.longitude - from.longitude) / 2) ** 2
  const haversine = height + Math.cos(from.latitude) * Math.cos(to.latitude) * width
  return 2 * EARTH_RADIUS * Math.asin(Math.sqrt(Math.min(haversine, 1)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
