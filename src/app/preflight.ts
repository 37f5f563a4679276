import { showListenAddress } from '../config/address-kinds.ts'
import type { Config } from '../config/options.ts'
import { type Instant, systemClock } from '../core/clock.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { OperatorError } from '../core/operator-error.ts'
import { tryAddress } from '../http/binding.ts'
import { certificateFindings } from '../http/certificate-findings.ts'
import { readKeyFile } from '../keys/key-file.ts'
import { type KeyStanding, standings } from '../keys/standing.ts'
import { readDatabase } from '../risk/mmdb.ts'
import { redisShortcomings } from './redis-records.ts'

/** What the machine says to a configuration that is valid in itself. */
export interface Finding {
  /** An `error` keeps the server from starting; a `note` is nothing to mend. */
  readonly kind: 'error' | 'warning' | 'note'
  /** The option that it is about. */
  readonly option: string
  readonly text: string
}

/** Looks at what a start would need: Redis, the certificate, the keys, the databases, the addresses. Changes nothing. */
export async function preflight(config: Config): Promise<readonly Finding[]> {
  const found = await Promise.all([
    stateFindings(config),
    tlsFindings(config),
    masterKeyFindings(config),
    geoFindings(config),
    addressFindings('server.listen', config.server.listen),
    addressFindings('admin.listen', config.admin.listen),
  ])
  return found.flat()
}

async function stateFindings(config: Config): Promise<Finding[]> {
  const found = await redisShortcomings(config)
  return found.map(({ fatal, text }) => ({
    kind: fatal ? 'error' : 'warning',
    option: 'session_store.redis_url',
    text,
  }))
}

async function tlsFindings({ server }: Config): Promise<Finding[]> {
  const { tlsCert: certFile, tlsKey: keyFile, publicUrl } = server
  if (certFile === undefined || keyFile === undefined) return []
  const host = publicUrl.protocol === 'https:' ? publicUrl.hostname : undefined
  const found = await certificateFindings({ certFile, keyFile }, { now: systemClock(), host })
  return found.map(({ fatal, file, text }) => ({
    kind: fatal ? 'error' : 'warning',
    option: file === 'certFile' ? 'server.tls_cert' : 'server.tls_key',
    text,
  }))
}

async function masterKeyFindings({ security, sessionStore }: Config): Promise<Finding[]> {
  const option = 'security.master_key'
  const file = security.masterKey
  try {
    const entries = await readKeyFile(file)
    if (entries !== undefined) {
      const states = standings(entries, systemClock()).map(standingText).join('; ')
      return [{ kind: 'note', option, text: `${file} has ${states}` }]
    }
    const ofSeveral =
      sessionStore.backend === 'redis' ? '; servers that share a Redis need the same one' : ''
    return [{ kind: 'note', option, text: `${file} is made at the first start${ofSeveral}` }]
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return [{ kind: 'error', option, text: error.message }]
  }
}

function standingText({ entry, state }: KeyStanding): string {
  const { kid, createdAt, activeFrom, retireAt } = entry
  if (state === 'current') return `${kid}, current, made on ${dayText(createdAt)}`
  if (state === 'coming') return `${kid}, current from ${timeText(activeFrom)}`
  return `${kid}, ${state}${retireAt === undefined ? '' : `, good until ${timeText(retireAt)}`}`
}

function dayText(instant: Instant): string {
  return timeText(instant).slice(0, 10)
}

function timeText(instant: Instant): string {
  return new Date(instant).toISOString()
}

async function geoFindings({ geo, threats }: Config): Promise<Finding[]> {
  const noSystems = 'audit and metrics do not tell mobile networks from others'
  const isSought = threats.sessionInTwoCountries !== 'off'
  const noCities = isSought
    ? 'geo.country_change, geo.max_speed_kmh and threats.session_in_two_countries have no effect'
    : 'geo.country_change and geo.max_speed_kmh have no effect'
  return [
    await databaseFinding('geo.asn_database', geo.asnDatabase, noSystems),
    await databaseFinding('geo.city_database', geo.cityDatabase, noCities),
  ]
}

/** Which database there is; where there is none, what is `missing` for it. */
async function databaseFinding(
  option: string,
  file: string | undefined,
  missing: string,
): Promise<Finding> {
  if (file === undefined) return { kind: 'note', option, text: `not set: ${missing}` }
  try {
    const { type, builtAt } = await readDatabase(file)
    const text = `${file} is ${type}, built on ${builtAt.toISOString().slice(0, 10)}`
    return { kind: 'note', option, text }
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    return { kind: 'error', option, text: error.message }
  }
}

async function addressFindings(
  option: string,
  addresses: readonly ListenAddress[],
): Promise<Finding[]> {
  const found: Finding[] = []
  for (const address of addresses) {
    const trial = await tryAddress(address)
    const shown = showListenAddress(address)
    if (trial.kind === 'taken') {
      const text = `${shown}: something listens there already (a running server?)`
      found.push({ kind: 'note', option, text })
    } else if (trial.kind === 'unusable') {
      found.push({ kind: 'error', option, text: `${shown}: ${trial.problem}` })
    }
  }
  return found
}
