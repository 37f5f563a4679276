import type { Slot } from '../../client/slot.ts'
import { SCHEMES, type Scheme } from '../../core/grant.ts'
import type { Deployment } from './deployment.ts'
import { type Finding, type Remedy, failed } from './finding.ts'
import { type Answer, described, problemOf } from './http-client.ts'
import { inNginx, inOurs } from './remedies.ts'
import { SIGNING_SIDES, schemeOf } from './slot-scheme.ts'

/** Why a slot was refused that should have been good. */
export function refusedSlot(deployment: Deployment, slot: Slot, answer: Answer): Finding {
  const scheme = schemeOf(slot)
  switch (problemOf(answer) ?? '') {
    case 'grant-invalid':
      return scheme === undefined ? unknown(answer) : notFitting(deployment, scheme)
    case 'no-credential':
      return withoutCredential(deployment, slot)
    case 'grant-expired':
      return failed('the slot had expired before it was used', {
        where: 'the XMPP server and the server of files: their clocks',
        lines: ['timedatectl set-ntp true'],
      })
    case 'not-found':
      return elsewhere(deployment, slot)
    default:
      return unknown(answer)
  }
}

function notFitting({ config }: Deployment, scheme: Scheme): Finding {
  const { server, secret } = SIGNING_SIDES[scheme]
  const sameSecret = [
    { where: `${server}: the same text as grants.${scheme}_secret`, lines: secret },
    inOurs('grants', `${scheme}_secret = "…"  # the same text as there`),
  ]
  if (config === undefined) {
    return failed(
      `the slot, signed by scheme ${scheme}, is refused: the secrets differ, or the server does not accept ${scheme}`,
      ...sameSecret,
    )
  }
  const accepted = SCHEMES.filter((name) => config.grants[`${name}Secret`] !== undefined)
  if (!accepted.includes(scheme)) return mismatch(scheme, accepted)
  const text = `the slot, signed by scheme ${scheme}, is refused although the server accepts ${scheme}`
  return failed(`${text}: the secrets differ`, ...sameSecret)
}

/** The XMPP server signs by one scheme, and the server of files accepts others. */
function mismatch(signed: Scheme, accepted: readonly Scheme[]): Finding {
  const there = accepted.slice(0, 1).map((scheme): Remedy => {
    const { server, on } = SIGNING_SIDES[scheme]
    return { where: server, lines: [on] }
  })
  return failed(
    `the XMPP server signs ${signed}, the server accepts only ${accepted.join(', ')}`,
    ...there,
    inOurs('grants', `${signed}_secret = "…"  # the same text as the XMPP server has`),
  )
}

/** The credential got lost on the way, or the slot never had one. */
function withoutCredential(deployment: Deployment, slot: Slot): Finding {
  if (schemeOf(slot) === undefined) {
    return failed('the slot carries no signature: the XMPP server stores files by itself', {
      where: 'Prosody, mod_http_file_share: without these it is no front of another server',
      lines: [
        `http_file_share_base_url = "${deployment.publicUrl.href}"`,
        'http_file_share_secret = "…"  # the same text as grants.jwt_secret',
      ],
    })
  }
  return failed(
    'the credential of the slot does not arrive at the server: the proxy drops the query or Authorization',
    inNginx(deployment, 'proxy_set_header Authorization $http_authorization;'),
    {
      where: 'nginx, wherever it rewrites the path of requests',
      lines: ['rewrite ^/(.*)$ /$1 break;  # keeps the query; a final "?" drops it'],
    },
  )
}

/** The slot leads to some other place than is examined. */
export function elsewhere({ publicUrl }: Deployment, { put }: Slot): Finding {
  const text = `the slot leads to ${new URL(put).origin}${new URL(put).pathname}, which is not below ${publicUrl.href}`
  return failed(text, ...slotBase(publicUrl))
}

/** How XMPP servers are told where slots lead. */
function slotBase({ href }: URL): readonly Remedy[] {
  return [
    {
      where: 'Prosody, mod_http_upload_external',
      lines: [`http_upload_external_base_url = "${href}"`],
    },
    { where: 'Prosody, mod_http_file_share', lines: [`http_file_share_base_url = "${href}"`] },
    {
      where: 'ejabberd, mod_http_upload',
      lines: [`put_url: "${href.replace(/\/$/u, '')}"`, `get_url: "${href.replace(/\/$/u, '')}"`],
    },
  ]
}

function unknown(answer: Answer): Finding {
  return failed(`the upload was answered with ${described(answer)}`, {
    where: 'the log of the server says more; docs/errors.md explains the code',
    lines: ['journalctl -u hmac-file-server -n 20'],
  })
}
