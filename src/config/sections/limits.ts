import { integer, size } from '../kinds.ts'
import { section } from '../option.ts'

export const limits = section(
  'What one owner may hold open: a user where the grant names one, else a network.',
  {
    open_uploads_per_owner: integer({
      reload: true,
      default: 32,
      min: 1,
      max: 1_000_000,
      help: 'Unfinished uploads at a time.',
    }),
    reserved_bytes_per_owner: size({
      reload: true,
      default: '4 GiB',
      min: '1',
      help: 'Sum of the sizes of unfinished uploads.',
    }),
  },
)
