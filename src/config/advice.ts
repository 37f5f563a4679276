import { isLocal, isLoopbackHost } from '../core/listen-address.ts'
import { showListenAddress } from './address-kinds.ts'
import type { Config } from './options.ts'

/** What is valid but will disappoint somebody, one sentence each. */
export function advice(config: Config): string[] {
  const parts = [
    publicUrlAdvice,
    listenerAdvice,
    limitAdvice,
    securityAdvice,
    levelAdvice,
    banAdvice,
    workerAdvice,
    keyAdvice,
  ]
  return parts.flatMap((part) => part(config))
}

function publicUrlAdvice({ server }: Config): string[] {
  if (server.publicUrl.protocol === 'https:') return []
  return [
    `server.public_url is ${server.publicUrl.href}: phones and several desktop clients refuse http; ` +
      'put a proxy with a certificate in front, or set tls_cert and tls_key, and use an https URL',
  ]
}

function listenerAdvice({ server }: Config): string[] {
  const open = server.listen.find((address) => !isLocal(address))
  if (open === undefined) return []
  const shown = showListenAddress(open)
  const reached = `server.listen ${shown} can be reached from other machines`
  const found: string[] = []
  if (isLoopbackHost(server.publicUrl.hostname)) {
    found.push(`${reached}, but server.public_url names this machine only`)
  }
  if (server.publicUrl.protocol === 'http:') {
    found.push(`${reached}, and files and credentials travel unencrypted`)
  }
  return found
}

function limitAdvice({ limits, storage }: Config): string[] {
  if (limits.reservedBytesPerOwner >= storage.maxFileSize) return []
  return [
    'limits.reserved_bytes_per_owner is smaller than storage.max_file_size: ' +
      'no file larger than the former can be uploaded',
  ]
}

function securityAdvice({ security }: Config): string[] {
  const { enhancedSecurity, unbound, standbyThresholdMinutes, longStandbyThresholdHours } = security
  const found: string[] = []
  if (!enhancedSecurity && unbound === 'strict') {
    found.push('security.unbound = "strict" has no effect while enhanced_security is switched off')
  }
  if (standbyThresholdMinutes >= longStandbyThresholdHours * 60) {
    found.push(
      'security.standby_threshold_minutes is not shorter than long_standby_threshold_hours: ' +
        'a pause asks for a new slot at once, never for a proof first',
    )
  }
  return found
}

function levelAdvice({ security, threats, anomaly }: Config): string[] {
  if (security.enhancedSecurity) return []
  const effects = [
    ['grant_on_two_networks', threats.grantOnTwoNetworks],
    ['session_in_two_countries', threats.sessionInTwoCountries],
    ['failing_proofs', threats.failingProofs],
  ] as const
  const found = effects
    .filter(([, effect]) => effect === 'level2' || effect === 'level3')
    .map(
      ([name, effect]) =>
        `threats.${name} = "${effect}" is no more than "watch" while security.enhanced_security is switched off: ` +
        'switch it on, or say what you want',
    )
  if (anomaly.enabled) {
    found.push(
      'anomaly.enabled makes nothing but hfs_anomaly_score_bits while security.enhanced_security is switched off: ' +
        'switch it on for lines in the audit trail and levels',
    )
  }
  return found
}

function banAdvice({ threats, retention }: Config): string[] {
  const { uploadsDeletedForAbuse, abuseWindow, failingProofs } = threats
  const found: string[] = []
  const areForgotten = retention.maxAge > 0 && abuseWindow > retention.maxAge
  if (uploadsDeletedForAbuse === 'ban' && areForgotten) {
    found.push(
      'threats.abuse_window is longer than retention.max_age: files that expired do not speak for ' +
        'their user, so a few that were removed for abuse weigh more',
    )
  }
  if (failingProofs === 'ban') {
    found.push(
      'threats.failing_proofs = "ban" refuses a whole /24 (IPv6 /56), a carrier\'s customers among them; behind ' +
        'a proxy that is not in server.trusted_proxies that is everybody',
    )
  }
  return found
}

function workerAdvice({ threats, server: { workers } }: Config): string[] {
  if (workers === 1) return []
  const own = `with server.workers = ${workers}: each worker counts its own connections only, so that`
  const names = ['grant_on_two_networks', 'session_in_two_countries'] as const
  const sought = [threats.grantOnTwoNetworks, threats.sessionInTwoCountries]
  const compared = names.filter((_, number) => sought[number] !== 'off')
  const found: string[] = []
  if (compared.length > 0) {
    found.push(
      `threats.${compared.join(' and threats.')} ${own} about one thief of ${workers} is found`,
    )
  }
  if (threats.failingProofs !== 'off') {
    found.push(
      `threats.failing_proofs ${own} it is found after up to ${workers} times threats.failing_sessions: ` +
        'lower that accordingly',
    )
  }
  return found
}

function keyAdvice({ keys, sessionStore }: Config): string[] {
  if (keys.rotateEvery === 0 || sessionStore.backend !== 'redis') return []
  return [
    'keys.rotate_every with the redis backend: all servers must have the very same file ' +
      '(security.master_key on a folder that they share), or each makes keys that the others do not know',
  ]
}
