import { choice, path } from '../kinds.ts'
import { section } from '../option.ts'

export const sessionStore = section('Where the state of uploads and files is kept.', {
  backend: choice(['memory', 'sqlite'], {
    default: 'sqlite',
    help: 'With memory every file is forgotten when the server stops: for tests only.',
  }),
  path: path({ default: './data/state.db', help: 'Database file of the sqlite backend.' }),
})
