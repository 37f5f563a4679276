import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { HeldBytes } from '../../src/http/fast-lane/held-bytes.ts'

function everything(held: HeldBytes): Buffer {
  const pieces: Buffer[] = []
  for (let piece = held.first(); piece !== undefined; piece = held.first()) {
    pieces.push(Buffer.from(piece))
    held.release()
  }
  return Buffer.concat(pieces)
}

test('what is held comes out as it went in, whatever becomes of the buffers meanwhile', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 200_000 }), fc.nat({ max: 255 })), {
        maxLength: 12,
      }),
      (sizes) => {
        const [one, other] = [new HeldBytes(), new HeldBytes()]
        const expected = sizes.map(([size, byte]) => Buffer.alloc(size, byte))
        for (const bytes of expected) {
          const lent = Buffer.from(bytes)
          one.add(lent)
          other.add(lent)
          lent.fill(0xdb)
        }
        assert.ok(everything(one).equals(Buffer.concat(expected)))
        // Blocks of the first are used again while the second still holds its own.
        one.add(Buffer.alloc(100_000, 0xdb))
        assert.ok(everything(other).equals(Buffer.concat(expected)))
      },
    ),
    { numRuns: 60 },
  )
})

test('memory that others own is never used as a block', () => {
  const bystander = Buffer.from('the secret of somebody else')
  const held = new HeldBytes()
  // Small pieces lie in the pool of Node.js, next to the bystander.
  for (let n = 0; n < 40; n += 1) held.add(Buffer.alloc(100, 1))
  everything(held)
  held.add(Buffer.alloc(64 * 1024 * 4, 0xdb))
  assert.equal(bystander.toString(), 'the secret of somebody else')
})
