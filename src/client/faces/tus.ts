import * as HEADER from '../../wire/header-fields.ts'
import type { ResumableFace } from './resumable-face.ts'

const VERSION = { [HEADER.tusResumable]: '1.0.0' }

/** tus 1.0.0 with the Creation extension. */
export const tus: ResumableFace = {
  name: 'tus',
  creation: ({ size, type }) => ({
    method: 'POST',
    headers: {
      ...VERSION,
      [HEADER.uploadLength]: String(size),
      ...(type && { [HEADER.uploadMetadata]: `filetype ${btoa(type)}` }),
    },
  }),
  question: VERSION,
  append: (offset) => ({
    ...VERSION,
    [HEADER.contentType]: 'application/offset+octet-stream',
    [HEADER.uploadOffset]: String(offset),
  }),
  isPublished: (_, isFull) => isFull,
}
