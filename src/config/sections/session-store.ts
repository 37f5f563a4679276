import { choice, duration, toggle, integer, path } from '../kinds.ts'
import { optional, section } from '../option.ts'
import { redisUrl } from '../redis-kinds.ts'

export const sessionStore = section(
  'Where the state of uploads and files is kept, and how many sessions of clients.',
  {
    backend: choice(['memory', 'sqlite', 'redis'], {
      default: 'sqlite',
      help:
        'sqlite is for one server, redis for several that share their files. ' +
        'With memory every file is forgotten when the server stops: for tests only.',
    }),
    path: path({ default: './data/state.db', help: 'Database file of the sqlite backend.' }),
    redis_url: optional(
      redisUrl('Where Redis is, for the redis backend: one server, Sentinel or Cluster.'),
    ),
    enabled: toggle({
      reload: true,
      default: true,
      help: 'Whether it is noted from which networks the client of an unfinished upload came.',
    }),
    max_sessions: integer({
      reload: true,
      default: 10_000,
      min: 1,
      max: 10_000_000,
      help:
        'Sessions at a time. The least recently used makes room, but none with an unfinished upload: ' +
        'without room an upload goes on without a session.',
    }),
    cleanup_interval: duration({
      default: '30m',
      min: '1s',
      max: '1d',
      help: 'How often sessions that are too old are looked for.',
    }),
    max_session_age: duration({
      reload: true,
      default: '72h',
      min: '1m',
      max: '30d',
      help:
        "How long after a slot's first use a client may come back to its unfinished upload: with an " +
        'upload resource, or with a grant that has expired meanwhile.',
    }),
  },
)
