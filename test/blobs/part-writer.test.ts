import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { withoutFirst } from '../../src/blobs/filesystem/part-writer.ts'

test('what is left after a short write is the batch without the bytes written', () => {
  const batches = fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 6 })
  fc.assert(
    fc.property(batches, fc.nat(), (batch, seed) => {
      const whole = Buffer.concat(batch)
      const count = seed % (whole.length + 1)
      const left = withoutFirst(batch, count)
      assert.deepEqual(Buffer.concat(left), whole.subarray(count))
      if (count === whole.length) assert.deepEqual(left, [])
      else assert.notEqual(left[0]?.length, 0)
    }),
  )
})
