import { resolve } from 'node:path'
import { choice, plain, size, textFrom } from '../kinds.ts'
import { BadValue, section, type Option, type Row } from '../option.ts'

/** Where the bytes of files are kept. */
export interface StorageLocation {
  readonly kind: 'file'
  /** Absolute path. */
  readonly folder: string
}

export const storage = section('Where files are kept.', {
  url: storageUrl({ default: 'file:./data/files', help: 'Folder that holds the files.' }),
  fsync: choice(['ack', 'complete', 'never'], {
    default: 'ack',
    help:
      'When bytes are forced to the disk: before any byte is acknowledged (ack), before a file is ' +
      'published (complete), or never: that survives a crash of the server, not of the machine.',
  }),
  max_file_size: size({
    reload: true,
    default: '100 MiB',
    min: '1',
    max: '5 TiB',
    help: 'Largest file accepted.',
  }),
  min_free: size({
    reload: true,
    default: '1 GiB',
    help: 'Uploads are refused (507) while less than this is free on the disk; downloads go on.',
  }),
})

function storageUrl(row: Row<string>): Option<StorageLocation> {
  return {
    ...plain(row),
    allowed: '"file:" and the path of a folder',
    parse: (raw, place) => {
      const [, folder] = /^file:(?:\/\/(?=\/))?(.+)$/u.exec(textFrom(raw)) ?? []
      if (folder === undefined) throw new BadValue('this is not a place for files')
      return { kind: 'file', folder: resolve(place.folder, folder) }
    },
    show: ({ folder }) => `file:${folder}`,
  }
}
