import { findings } from '../abuse/findings.ts'
import { userIn } from '../abuse/subject.ts'
import type { FindTemporaryBan } from '../abuse/temporary-bans.ts'
import type { Config } from '../config/options.ts'
import { systemClock } from '../core/clock.ts'
import { type ThreatNeeds, type Threats, threats } from '../gate/threats.ts'
import { proxyNetworks } from '../http/client-address.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import type { Observer } from '../observe/observer.ts'
import { threatLog } from '../observe/threat-log.ts'
import { PATTERNS } from '../risk/threats/pattern.ts'
import { attempts } from './attempts.ts'
import { storedFindings } from './finding-lists.ts'
import { repeating } from './repeating.ts'
import { threatPolicyOf } from './risk-policy.ts'
import type { Stores } from './stores.ts'

/** How often a process asks what the others have found, in milliseconds. */
const REFRESH_INTERVAL = 1000

/** What this process looks for and knows of threats. Disposing tells the others what they do not know yet. */
export interface ThreatWatch extends AsyncDisposable {
  readonly threats: Threats
  readonly banOf: FindTemporaryBan
  /** Puts the policy of a new configuration into effect. */
  follow(config: Config): void
}

/** What the watch is built from. */
export interface ThreatWatchNeeds extends Pick<ThreatNeeds, 'places' | 'networkName'> {
  readonly stores: Pick<Stores, 'marks'>
  /** Is told what is found. */
  readonly observing: Pick<Observer, 'gateEvents'>
  /** Counts also what commands found. */
  readonly metrics: Pick<Metrics, 'gateEvents'>
  /** Absent: what is the same for all processes of the server is counted by this one. */
  readonly worker?: number | undefined
  readonly log: Log
}

/** Knows what was found before the first request, and follows what others find. */
export async function watchThreats(config: Config, needs: ThreatWatchNeeds): Promise<ThreatWatch> {
  const { stores, metrics, worker, log, places, networkName } = needs
  let policy = threatPolicyOf(config)
  const tell = threatLog(log, config.privacy)
  const isOff = (): boolean => PATTERNS.every((each) => policy.effects[each] === 'off')
  const found = findings({
    store: storedFindings(stores),
    clock: systemClock,
    lost: (err) =>
      log.warn({ err }, 'findings not exchanged with other processes: each goes on with its own'),
    learnt({ pattern, subject, until }): void {
      // Servers tell what they find themselves; this rule alone is asked by a command.
      if (pattern !== 'uploads-deleted-for-abuse' || worker !== undefined) return
      const user = userIn(subject)
      const effect = policy.effects[pattern]
      const news = { pattern, effect, duration: until - systemClock() } as const
      metrics.gateEvents.threatFound({ ...news, count: 1 })
      tell({ ...news, ...(user === undefined ? {} : { user }) })
    },
  })
  const looking = threats({
    findings: found,
    policy: () => policy,
    places,
    networkName,
    isOfProxies: proxyNetworks(config.server.trustedProxies),
    clock: systemClock,
    events: needs.observing.gateEvents,
    maxTracked: config.threats.maxTracked,
  })
  if (!isOff()) await found.refresh()
  const refreshing = repeating({
    every: REFRESH_INTERVAL,
    attempt: attempts((err) => log.error({ err }, 'findings of other servers not read')),
    async work() {
      if (!isOff()) await found.refresh()
    },
  })
  return {
    threats: looking,
    banOf: (client, user) => looking.banOf(client, user),
    follow(next): void {
      policy = threatPolicyOf(next)
    },
    async [Symbol.asyncDispose]() {
      await refreshing[Symbol.asyncDispose]()
      if (!isOff()) await found[Symbol.asyncDispose]()
    },
  }
}
