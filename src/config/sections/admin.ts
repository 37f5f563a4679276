import { listenAddresses } from '../address-kinds.ts'
import { list } from '../kinds.ts'
import { BadValue, optional, section } from '../option.ts'
import { secret } from '../secret-kinds.ts'

export const admin = section('The second listener: metrics and health, for operators only.', {
  listen: listenAddresses({
    default: ['127.0.0.1:5051'],
    empty: 'no such listener',
    help: 'Keep it away from the public; other machines may connect only if a token is set.',
  }),
  hosts: list({
    default: ['localhost', '127.0.0.1', '[::1]'],
    allowed: 'a list of host names without port',
    parse: parseHost,
    show: (host) => host,
    help: 'Names under which it answers; any other Host is refused.',
  }),
  token: optional(secret('What operators present as Authorization: Bearer.')),
})

function parseHost(text: string): string {
  if (!/^(?:\[[\da-f:.]+\]|[a-z0-9_.-]+)$/iu.test(text)) {
    throw new BadValue(`"${text}" is not a host name`)
  }
  return text.toLowerCase()
}
