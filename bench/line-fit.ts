import { mean } from './statistics.ts'

/** Something that was counted or timed with so many objects. */
export interface Point {
  readonly objects: number
  readonly value: number
}

/** The straight line that comes closest to some points (least squares). */
export interface LineFit {
  /** With no objects. */
  readonly intercept: number
  /** For each object. */
  readonly slope: number
  /** The farthest point's distance from the line, as a share of the largest value. */
  readonly residual: number
}

/** Lays a line through two or more points with different numbers of objects. */
export function fitLine(points: readonly Point[]): LineFit {
  const [middle, height] = [mean(points.map(objectsOf)), mean(points.map(valueOf))]
  const covariance = mean(points.map((point) => (objectsOf(point) - middle) * valueOf(point)))
  const variance = mean(points.map((point) => (objectsOf(point) - middle) ** 2))
  const slope = covariance / variance
  const intercept = height - slope * middle
  const distances = points.map((point) => valueOf(point) - intercept - slope * objectsOf(point))
  const largest = Math.max(...points.map((point) => Math.abs(valueOf(point))))
  const residual = largest === 0 ? 0 : Math.max(...distances.map(Math.abs)) / largest
  return { intercept, slope, residual }
}

/** The value of the line at a number of objects. */
export function valueAt({ intercept, slope }: LineFit, objects: number): number {
  return intercept + slope * objects
}

function objectsOf({ objects }: Point): number {
  return objects
}

function valueOf({ value }: Point): number {
  return value
}
