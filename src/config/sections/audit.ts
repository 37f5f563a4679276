import { path } from '../kinds.ts'
import { section } from '../option.ts'

export const audit = section('The record of who did what.', {
  file: path({
    default: './data/audit.jsonl',
    empty: 'no record',
    help: 'File to which one JSON object is appended for each event.',
  }),
})
