import { baseUrl, listenAddresses, networks } from '../address-kinds.ts'
import { choice, duration, integer, path } from '../kinds.ts'
import { optional, section } from '../option.ts'

export const server = section('Where the server listens and what the world calls it.', {
  listen: listenAddresses({
    default: ['127.0.0.1:5050'],
    help: 'Where clients, or the proxy in front, connect to. A UNIX socket of a proxy needs no port.',
  }),
  public_url: baseUrl({
    default: 'http://127.0.0.1:5050/',
    help: 'The URL that clients see; its path is the prefix of every slot. Phones accept https only.',
  }),
  client_address: choice(['x-forwarded-for', 'forwarded', 'peer'], {
    default: 'x-forwarded-for',
    help: 'The one header that names the client; read only if the request comes from a trusted proxy.',
  }),
  trusted_proxies: networks({
    default: ['127.0.0.1/32', '::1/128'],
    help: 'Networks of the proxies in front. A UNIX socket is always trusted.',
  }),
  shutdown_grace: duration({
    default: '30s',
    max: '1h',
    help: 'How long running requests may go on after SIGTERM.',
  }),
  workers: integer({
    default: 1,
    min: 1,
    max: 64,
    help:
      'Processes that share the work, on a machine with several processors. More than one needs ' +
      'session_store.backend sqlite or redis.',
  }),
  tls_cert: optional(
    path({
      default: '/etc/hmac-file-server/cert.pem',
      help: 'Certificate chain (PEM), to terminate TLS here; needs tls_key. Read again when it changes.',
    }),
  ),
  tls_key: optional(
    path({ default: '/etc/hmac-file-server/key.pem', help: 'Private key (PEM) of tls_cert.' }),
  ),
})
