/** The guide's program after hours in a pocket: the app was killed in the middle of a file, and goes on under a new slot. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { PHOTO_SIZE, shownWith } from './guide.ts'
import { afterStandby } from './standby.ts'

test('what the guide says of a long standby is printed, and no byte is sent twice', async (t) => {
  const { prints } = shownWith('$NEW_SLOT')
  const after = await afterStandby(t, 'v1')
  assert.equal(after.printed, prints)
  assert.ok(after.isWhole)
  assert.ok(after.sent < PHOTO_SIZE * 1.1, `${after.sent} bytes were sent`)
  const adopted = after.lines.find(({ event }) => event === 'adopted')
  assert.ok(Number(adopted?.['kept']) > PHOTO_SIZE / 3)
})

test('a slot that names no user is given the whole file by the same program', async (t) => {
  const { prints } = shownWith('$NEW_SLOT')
  const after = await afterStandby(t, 'v2')
  assert.equal(after.printed, prints)
  assert.ok(after.isWhole)
  assert.ok(after.sent > PHOTO_SIZE * 1.3, `${after.sent} bytes were sent`)
})
