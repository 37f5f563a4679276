import { duration, integer, size, toggle } from '../kinds.ts'
import { type Option, section } from '../option.ts'

export const networkResilience = section('What happens when a client loses its network.', {
  enabled: toggle({
    reload: true,
    default: true,
    help: 'Switched off, an expired slot is refused whatever came before, as with session_recovery.',
  }),
  session_recovery: toggle({
    reload: true,
    default: true,
    help:
      'Whether a slot that was used before it expired, and is unfinished, accepts its client once more: ' +
      'for 24 hours, until session_store.max_session_age after the first use.',
  }),
  max_token_refreshes: integer({
    reload: true,
    default: 10,
    min: 0,
    max: 1_000,
    help: 'How often that is done for one slot.',
  }),
  upload_resumption: toggle({
    reload: true,
    default: true,
    help:
      'Whether uploads that were interrupted can go on where they stopped (IETF resumable uploads, ' +
      'tus, Content-Range). Switched off, every upload starts anew.',
  }),
  chunk_size: chunkSize({
    reload: true,
    default: '5MB',
    min: '64 KiB',
    max: '16 MiB',
    help:
      'An upload that can go on is forced to the disk, and its client told, after at most so many ' +
      'bytes. Here alone KB and MB mean KiB and MiB, as they always did for this key.',
  }),
  resume_timeout: duration({
    reload: true,
    default: '10m',
    min: '1s',
    max: '30d',
    help: 'How long the bytes of an unfinished upload are kept after the last one arrived.',
  }),
})

/** A size whose decimal units are binary ones. */
function chunkSize(row: Parameters<typeof size>[0]): Option<number> {
  const kind = size(row)
  return {
    ...kind,
    parse: (raw, place) =>
      kind.parse(typeof raw === 'string' ? raw.replace(/([KMGT])B\s*$/u, '$1iB') : raw, place),
  }
}
