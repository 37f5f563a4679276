import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statedLength, uploadFields } from '../../src/protocols/rufh/upload-fields.ts'

test('interop 3 writes completeness the other way round', () => {
  const three = { 'upload-draft-interop-version': '3' }
  assert.equal(uploadFields({ ...three, 'upload-incomplete': '?1' }).completes, false)
  assert.equal(uploadFields({ ...three, 'upload-incomplete': '?0' }).completes, true)
  assert.equal(uploadFields({ ...three, 'upload-complete': '?1' }).completes, undefined)
  assert.equal(uploadFields({ 'upload-complete': '?1' }).completes, true)
})

test('a version that is unknown, or no number, is spoken to as the final form', () => {
  for (const version of ['0', '2', '9', '6.0', '"6"', 'six']) {
    const { draft } = uploadFields({ 'upload-draft-interop-version': version })
    assert.deepEqual([draft.interop, draft.interim], [undefined, false], version)
  }
})

test('negative numbers and such with zeros in front or too many digits are refused, fields of another type ignored', () => {
  for (const name of ['upload-offset', 'upload-length']) {
    for (const number of ['-1', '05', '00', '1234567890123456']) {
      assert.throws(() => uploadFields({ [name]: number }), { code: 'bad-request' })
    }
  }
  const { offset, length } = uploadFields({ 'upload-offset': '1.5', 'upload-length': 'x' })
  assert.deepEqual([offset, length], [undefined, undefined])
})

function stated(fields: Record<string, string>, body: number | undefined): number | undefined {
  return statedLength(uploadFields(fields), body)
}

test('the length is the one stated, else the end of a completing body', () => {
  const complete = { 'upload-complete': '?1' }
  const incomplete = { 'upload-complete': '?0' }
  assert.equal(stated(complete, 7), 7)
  assert.equal(stated({ ...complete, 'upload-offset': '3' }, 7), 10)
  assert.equal(stated(complete, undefined), undefined)
  assert.equal(stated(incomplete, 7), undefined)
  assert.equal(stated({ ...incomplete, 'upload-length': '9' }, 7), 9)
  assert.equal(stated({ ...complete, 'upload-length': '9' }, undefined), 9)
})

test('a length that the body contradicts is refused', () => {
  const contradictions = [
    [{ 'upload-complete': '?1', 'upload-length': '9' }, 7],
    [{ 'upload-complete': '?1', 'upload-length': '9', 'upload-offset': '3' }, 7],
    [{ 'upload-complete': '?0', 'upload-length': '6' }, 7],
  ] as const
  for (const [fields, body] of contradictions) {
    assert.throws(() => statedLength(uploadFields(fields), body), { code: 'length-inconsistent' })
  }
})
