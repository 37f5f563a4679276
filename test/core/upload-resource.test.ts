import assert from 'node:assert/strict'
import test from 'node:test'
import {
  credentialMark,
  namedUpload,
  newUploadResource,
  uploadPath,
} from '../../src/core/upload-resource.ts'

test('the path that a client is told of names its upload', () => {
  const { id, resource } = newUploadResource()
  assert.deepEqual(namedUpload(uploadPath(id), undefined), { resource })
})

test('who asks with a credential shows the mark that it was created with', () => {
  const { id, resource } = newUploadResource()
  const credential = credentialMark(id, 'Bearer one')
  assert.deepEqual(namedUpload(uploadPath(id), 'Bearer one'), { resource, credential })
  assert.notEqual(namedUpload(uploadPath(id), 'Bearer two').credential, credential)
})

test('a path without an id of ours names no upload', () => {
  const { id } = newUploadResource()
  for (const path of [id, '-/uploads/', `-/uploads/${id}x`, `-/uploads/${id}/`, `-/upload/${id}`]) {
    assert.throws(() => namedUpload(path, undefined), { code: 'not-found' }, path)
  }
})
