import { isLocal } from '../core/listen-address.ts'
import { showListenAddress } from './address-kinds.ts'
import type { Config } from './options.ts'

/** A rule about several options together, broken. */
export interface Conflict {
  /** The options concerned, as `section.key`; the first is the one to name. */
  readonly options: readonly string[]
  readonly why: string
  readonly remedy: string
}

const SCHEMES = ['v1', 'v2', 'token', 'v3', 'bearer', 'jwt'] as const

/** What is wrong between options that are fine one by one. */
export function conflicts(config: Config): Conflict[] {
  return [
    ...missingGrant(config),
    ...orphanedPrevious(config),
    ...deleteWithoutToken(config),
    ...halfOfTls(config),
    ...openAdmin(config),
    ...redisWithoutUrl(config),
    ...workersWithoutSharedState(config),
  ]
}

function missingGrant({ grants }: Config): Conflict[] {
  if (SCHEMES.some((scheme) => grants[`${scheme}Secret`] !== undefined)) return []
  const options = SCHEMES.map((scheme) => `grants.${scheme}_secret`)
  const remedy = 'set the secret that the XMPP server uses, e.g. v2_secret; init makes one'
  return [{ options, why: 'no secret is set, so nobody could upload', remedy }]
}

function orphanedPrevious({ grants }: Config): Conflict[] {
  return SCHEMES.filter(
    (scheme) => grants[`${scheme}Previous`].length > 0 && grants[`${scheme}Secret`] === undefined,
  ).map((scheme) => ({
    options: [`grants.${scheme}_previous`, `grants.${scheme}_secret`],
    why: 'a previous secret needs a present one',
    remedy: `set ${scheme}_secret, or remove ${scheme}_previous to switch the scheme off`,
  }))
}

function deleteWithoutToken({ grants }: Config): Conflict[] {
  if (grants.tokenDeleteSecret === undefined) {
    if (grants.tokenDeletePrevious.length === 0) return []
    const options = ['grants.token_delete_previous', 'grants.token_delete_secret']
    const remedy = 'set token_delete_secret or remove token_delete_previous'
    return [{ options, why: 'a previous secret needs a present one', remedy }]
  }
  if (grants.tokenSecret !== undefined) return []
  const options = ['grants.token_delete_secret', 'grants.token_secret']
  return [{ options, why: 'it works together with token_secret only', remedy: 'set token_secret' }]
}

function halfOfTls({ server }: Config): Conflict[] {
  const missing = server.tlsCert === undefined ? 'tls_cert' : 'tls_key'
  if ((server.tlsCert === undefined) === (server.tlsKey === undefined)) return []
  const options = ['server.tls_cert', 'server.tls_key']
  return [{ options, why: 'certificate and key need each other', remedy: `set ${missing} too` }]
}

function openAdmin({ admin }: Config): Conflict[] {
  if (admin.token !== undefined) return []
  const open = admin.listen.find((address) => !isLocal(address))
  if (open === undefined) return []
  const reach = open.kind === 'fd' ? 'may be' : 'is'
  const why = `${showListenAddress(open)} ${reach} open to other machines and admin.token is not set`
  const remedy = 'listen on 127.0.0.1 or a UNIX socket, or set admin.token'
  return [{ options: ['admin.listen', 'admin.token'], why, remedy }]
}

function redisWithoutUrl({ sessionStore }: Config): Conflict[] {
  if (sessionStore.backend !== 'redis' || sessionStore.redisUrl !== undefined) return []
  const options = ['session_store.redis_url', 'session_store.backend']
  const remedy = 'set redis_url, for example redis://127.0.0.1:6379'
  return [{ options, why: 'the redis backend needs to know where Redis is', remedy }]
}

function workersWithoutSharedState({ server, sessionStore }: Config): Conflict[] {
  if (server.workers === 1 || sessionStore.backend !== 'memory') return []
  const options = ['server.workers', 'session_store.backend']
  const why = 'several processes cannot share a state that is in the memory of one'
  return [{ options, why, remedy: 'set session_store.backend = "sqlite", or workers = 1' }]
}
