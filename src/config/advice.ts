import { isLocal, isLoopbackHost } from '../core/listen-address.ts'
import { showListenAddress } from './address-kinds.ts'
import type { Config } from './options.ts'

/** What is valid but will disappoint somebody, one sentence each. */
export function advice(config: Config): string[] {
  return [...publicUrlAdvice(config), ...listenerAdvice(config), ...limitAdvice(config)]
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
