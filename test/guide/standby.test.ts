/** The guide's program after hours in a pocket: the app was killed in the middle of a file, and goes on under a new slot. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { HEADS, PHOTO_SIZE, shownWith } from './guide.ts'
import { CUT_AT, afterStandby } from './standby.ts'

test('what the guide says of a long standby is printed, and no byte is sent twice', async (t) => {
  const { prints } = shownWith('$NEW_SLOT')
  const after = await afterStandby(t, 'v1')
  assert.equal(after.printed, prints)
  assert.ok(after.isWhole)
  const adopted = after.lines.find(({ event }) => event === 'adopted')
  const lost = CUT_AT - Number(adopted?.['kept'])
  assert.ok(after.sent < PHOTO_SIZE + lost + HEADS, `${after.sent} bytes, ${lost} of them lost`)
})

test('a slot that names no user is given the whole file by the same program', async (t) => {
  const { prints } = shownWith('$NEW_SLOT')
  const after = await afterStandby(t, 'v2')
  assert.equal(after.printed, prints)
  assert.ok(after.isWhole)
  assert.ok(after.sent > CUT_AT + PHOTO_SIZE, `${after.sent} bytes were sent`)
})
