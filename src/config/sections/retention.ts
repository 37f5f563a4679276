import { duration } from '../kinds.ts'
import { section } from '../option.ts'

export const retention = section('How long files are kept.', {
  max_age: duration({
    reload: true,
    default: '30d',
    help: 'Age at which a file is removed; 0 keeps it for ever. A grant may ask for less.',
  }),
})
