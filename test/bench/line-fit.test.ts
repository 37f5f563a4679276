import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { fitLine, type Point, valueAt } from '../../bench/line-fit.ts'

function pointsOf(...pairs: readonly (readonly [number, number])[]): Point[] {
  return pairs.map(([objects, value]) => ({ objects, value }))
}

test('of points on a line, the line is found and none is off it', () => {
  const whole = fc.integer({ min: -1_000_000, max: 1_000_000 })
  const counts = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2 })
  fc.assert(
    fc.property(whole, whole, counts, (intercept, slope, objects) => {
      const fit = fitLine(
        objects.map((count) => ({ objects: count, value: intercept + slope * count })),
      )
      const largest = Math.max(...objects.map((count) => Math.abs(intercept + slope * count)))
      for (const count of objects) {
        const distance = Math.abs(valueAt(fit, count) - intercept - slope * count)
        assert.ok(distance <= 1e-6 * Math.max(1, largest), String(distance))
      }
      assert.ok(fit.residual <= 1e-6, String(fit.residual))
    }),
  )
})

test('of points beside a line, the squares of the distances are least', () => {
  // By hand: means 2 and 5, covariance 8/3, variance 2/3.
  const { intercept, slope } = fitLine(pointsOf([1, 2], [2, 3], [3, 10]))
  assert.ok(Math.abs(slope - 4) < 1e-12)
  assert.ok(Math.abs(intercept + 3) < 1e-12)
})

test('how far the farthest point is off is told as a share of the largest value', () => {
  // The line is 4 x − 3: off it are the points by 1, 2 and 1.
  const { residual } = fitLine(pointsOf([1, 2], [2, 3], [3, 10]))
  assert.ok(Math.abs(residual - 0.2) < 1e-12)
})

test('where nothing grows the line is flat, and nothing is off it', () => {
  assert.deepEqual(fitLine(pointsOf([0, 0], [10, 0])), { intercept: 0, slope: 0, residual: 0 })
  assert.deepEqual(fitLine(pointsOf([0, 7], [10, 7])), { intercept: 7, slope: 0, residual: 0 })
})

test('the order of the points is all the same', () => {
  const points = pointsOf([1, 2], [2, 3], [3, 10], [4, 9])
  const [one, other] = [fitLine(points), fitLine(points.toReversed())]
  assert.ok(Math.abs(one.slope - other.slope) < 1e-12)
  assert.ok(Math.abs(one.residual - other.residual) < 1e-12)
})

test('the line is read beyond the points, too', () => {
  assert.equal(valueAt({ intercept: 100, slope: 3, residual: 0 }, 10_000_000), 30_000_100)
})
