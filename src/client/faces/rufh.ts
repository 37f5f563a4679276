import * as HEADER from '../../wire/header-fields.ts'
import { OCTETS, type ResumableFace } from './resumable-face.ts'

const VERSION = { [HEADER.uploadInterop]: '8' }

/** Resumable uploads of the IETF (draft-ietf-httpbis-resumable-upload, interop version 8). */
export const rufh: ResumableFace = {
  name: 'rufh',
  creation: ({ size, type }) => ({
    method: 'PUT',
    headers: {
      ...VERSION,
      [HEADER.contentType]: type || OCTETS,
      [HEADER.uploadComplete]: '?0',
      [HEADER.uploadLength]: String(size),
    },
  }),
  question: VERSION,
  append: (offset, isLast) => ({
    ...VERSION,
    [HEADER.contentType]: 'application/partial-upload',
    [HEADER.uploadOffset]: String(offset),
    [HEADER.uploadComplete]: isLast ? '?1' : '?0',
  }),
  isPublished: ({ headers }) => headers.get(HEADER.uploadComplete) === '?1',
}
