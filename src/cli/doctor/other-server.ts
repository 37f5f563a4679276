import { type Finding, type Remedy, failed } from './finding.ts'
import { inOurs } from './remedies.ts'

/** Several servers that know nothing of each other; clients meet now this one, now that one. */
const SHARE: readonly Remedy[] = [
  {
    where: 'nginx, inside upstream { }, and wherever else proxy_pass stands: one server',
    lines: ['server 127.0.0.1:5050;  # and no other one'],
  },
  inOurs(
    'session_store',
    'backend = "redis"  # or several servers, with the same state and the same files',
    'redis_url = "redis://…"  # the same on all of them; storage.url is a folder that all of them mount',
  ),
]

/** What was just brought to the server is not known where it is asked for. */
export function otherServer(text: string): Finding {
  return failed(
    `${text}: requests reach several servers that do not share what they know`,
    ...SHARE,
  )
}
