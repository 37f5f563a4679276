import { once } from 'node:events'
import { isIP } from 'node:net'
import { type PeerCertificate, type TLSSocket, connect } from 'node:tls'
import { bareHost, connected, shortReason } from '../addresses.ts'
import type { Check } from '../check.ts'
import { CheckEnded } from '../check-ended.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, type Remedy, failed, ok, skipped, warning } from '../finding.ts'

const DAY = 86_400_000
/** Renewal tools begin 30 days before the end; with less than half of it left they have failed. */
const SOON = 14 * DAY

/** What an address shows. */
interface Shown {
  readonly address: string
  /** Why a client refuses it; nothing if it does not. */
  readonly error: string | undefined
  readonly certificate: PeerCertificate
}

/** A phone shows no question about a bad certificate: it just does not upload. */
export const tlsCheck: Check = {
  name: 'tls',
  about: 'the certificate is valid for the host, complete, and not about to end',
  needs: ['reach'],
  async run(deployment, signal) {
    if (deployment.publicUrl.protocol !== 'https:') return skipped('plain http has no certificate')
    const shown: Shown[] = []
    for (const address of await deployment.addresses()) {
      const one = await certificateAt(deployment, address, signal)
      if (one !== undefined) shown.push(one)
    }
    const bad = shown.find(({ error }) => error !== undefined)
    return bad === undefined ? lasting(deployment, shown) : refused(deployment, bad)
  },
}

/** Nothing for an address that cannot be reached from here, which is told of elsewhere. */
async function certificateAt(
  { publicUrl }: Deployment,
  address: string,
  signal: AbortSignal,
): Promise<Shown | undefined> {
  const host = bareHost(publicUrl.hostname)
  const plain = await connected(publicUrl, address, signal).catch(() => undefined)
  signal.throwIfAborted()
  if (plain === undefined) return undefined
  using _plain = plain
  const socket: TLSSocket = connect({
    socket: plain,
    // Looked at here, so that what is wrong with it can be told.
    rejectUnauthorized: false,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  })
  try {
    await once(socket, 'secureConnect', { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new CheckEnded(noHandshake(address, shortReason(error)))
  }
  socket.on('error', () => {})
  const error = socket.authorized ? undefined : String(socket.authorizationError)
  return { address, error, certificate: socket.getPeerCertificate() }
}

function noHandshake(address: string, reason: string): Finding {
  return failed(`${address} does not speak TLS there (${reason})`, {
    where: 'nginx, inside server { }',
    lines: ['listen 443 ssl;', 'listen [::]:443 ssl;'],
  })
}

function lasting({ publicUrl, clock }: Deployment, shown: readonly Shown[]): Finding {
  if (shown.length === 0) return failed('no address showed a certificate')
  const ends = shown.map(({ certificate }) => Date.parse(certificate.valid_to))
  const end = Math.min(...ends)
  const day = Number.isFinite(end) ? new Date(end).toISOString().slice(0, 10) : 'an unknown day'
  if (end - clock() > SOON)
    return ok(`valid for ${publicUrl.hostname} until ${day}, at ${addressesIn(shown)}`)
  return warning(`the certificate ends on ${day}: it should have been renewed by now`, RENEW)
}

function addressesIn(shown: readonly Shown[]): string {
  return shown.map(({ address }) => address).join(', ')
}

const RENEW: Remedy = {
  where: 'the machine that renews the certificate',
  lines: ['certbot renew && systemctl reload nginx'],
}

function refused({ publicUrl }: Deployment, { address, error = '', certificate }: Shown): Finding {
  const host = bareHost(publicUrl.hostname)
  const at = `the certificate at ${address}`
  switch (error) {
    case 'CERT_HAS_EXPIRED':
      return failed(`${at} has expired, on ${certificate.valid_to}`, RENEW)
    case 'CERT_NOT_YET_VALID':
      return failed(`${at} is not valid before ${certificate.valid_from}`, {
        where: 'the clocks of the server and of this machine',
        lines: ['timedatectl set-ntp true'],
      })
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return failed(`${at} is for ${namesIn(certificate)}, not for ${host}`, {
        where: `nginx, inside server { server_name ${host}; }`,
        lines: certificateLines(`/etc/letsencrypt/live/${host}`),
      })
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return failed(`${at} comes without the one that signed it: phones cannot verify it`, {
        where: 'nginx, inside server { }: the whole chain, not the certificate alone',
        lines: certificateLines(`/etc/letsencrypt/live/${host}`),
      })
    default:
      return failed(`${at} is not trusted (${error}): clients refuse it`, {
        where: 'a certificate authority that phones know; or, if you run your own: this command',
        lines: [`certbot certonly --webroot -d ${host}`, 'hmac-file-server doctor --ca FILE'],
      })
  }
}

function namesIn({ subjectaltname, subject }: PeerCertificate): string {
  const names = subjectaltname?.replaceAll(/\b(?:DNS|IP Address):/gu, '')
  return names ?? String(subject.CN)
}

function certificateLines(folder: string): readonly string[] {
  return [`ssl_certificate ${folder}/fullchain.pem;`, `ssl_certificate_key ${folder}/privkey.pem;`]
}
