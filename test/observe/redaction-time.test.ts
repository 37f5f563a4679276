import assert from 'node:assert/strict'
import test from 'node:test'
import { redact } from '../../src/observe/redaction.ts'

/** Milliseconds that the quickest of three runs took. */
function time(line: string): number {
  const runs = Array.from({ length: 3 }, () => {
    const start = performance.now()
    redact(line)
    return performance.now() - start
  })
  return Math.min(...runs)
}

test('what strangers make us log takes time in proportion to its length', () => {
  const units = ['-eyJ', '?', 'eyJ.', 'Bearer ', 'v=', '@a.', '"v":"', '-/put/', 'a-', 'eyJa']
  for (const unit of units) {
    const short = time(unit.repeat(2_000))
    const long = time(unit.repeat(32_000))
    // Sixteen times the length: quadratic work would be 256 times as much.
    assert.ok(long < 5 || long < short * 100, `${unit}: ${short} ms and ${long} ms`)
  }
})
