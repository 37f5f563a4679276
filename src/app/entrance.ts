import { abuse } from '../abuse/abuse.ts'
import { insuredCounters } from '../abuse/insured-counters.ts'
import type { Counters } from '../abuse/ports.ts'
import { withTemporaryBans } from '../abuse/temporary-bans.ts'
import type { Config } from '../config/options.ts'
import type { ClientAddress } from '../core/client-address.ts'
import { systemClock } from '../core/clock.ts'
import { randomId } from '../core/random.ts'
import { userOf } from '../engine/admission.ts'
import type { UploadEngine } from '../engine/engine.ts'
import { type Gate, gate } from '../gate/gate.ts'
import type { GateEvents } from '../gate/events.ts'
import { type RefreshKeys, signRefresh } from '../grants/refresh-grant.ts'
import { grantVerifier } from '../grants/verifier.ts'
import { publicPrefix } from '../http/target.ts'
import type { MasterKeys } from '../keys/master-keys.ts'
import type { SessionFaceNeeds } from '../protocols/session/session-handler.ts'
import { proofKeys } from '../proof/proof-keys.ts'
import { proofs } from '../proof/proofs.ts'
import type { Places } from '../risk/places.ts'
import { memoryCounters } from '../stores/memory/counters.ts'
import type { Anomalies } from './anomalies.ts'
import { type Bans, bansOver } from './banned-uploads.ts'
import { abusePolicyOf, gatePolicyOf, proofPolicyOf } from './security-settings.ts'
import type { AllSessions } from './sessions.ts'
import { grantSecretsOf } from './settings.ts'
import type { Stores } from './stores.ts'
import type { ThreatWatch } from './threats.ts'

/** The way in of a process, as its configuration has it. */
export interface Entrance {
  /** The gate for a configuration's grants. */
  gateOf(config: Config): Gate
  /** Signs fresh grants for slots of sessions. */
  readonly sign: SessionFaceNeeds['sign']
  /** Whom it refuses now, also of those that came in before. */
  readonly bans: Bans
  /** Puts the policies of a new configuration into effect. */
  follow(config: Config): void
}

/** What the way in is built from. */
export interface EntranceNeeds {
  readonly stores: Pick<Stores, 'nonces' | 'counters'>
  readonly master: MasterKeys
  readonly sessions: AllSessions
  readonly engine: Pick<UploadEngine, 'sizeOf' | 'find'>
  readonly events: GateEvents
  readonly places: Pick<Places, 'find'>
  readonly anomalies: Anomalies
  readonly threats: ThreatWatch
  readonly networkName: (client: ClientAddress) => string
}

/** Makes the way in. */
export function entranceOver(config: Config, needs: EntranceNeeds): Entrance {
  const { stores, master, sessions, engine, events, places, anomalies, threats, networkName } =
    needs
  const { publicUrl } = config.server
  let [gatePolicy, proofPolicy, abusePolicy] = policiesOf(config)
  const keys = proofKeys(master)
  const refreshKeys = refreshKeysOf(master)
  const common = {
    sessions: sessions.slots,
    bound: sessions.bound,
    keys,
    places,
    anomalies: anomalies.detector,
    threats: threats.threats,
    events,
    networkName,
    userOf,
    clock: systemClock,
    prefix: publicPrefix(publicUrl),
    policy: () => gatePolicy,
    proofs: proofs({
      keys,
      nonces: stores.nonces,
      clock: systemClock,
      newId: randomId,
      policy: () => proofPolicy,
      publicUrl,
    }),
    abuse: withTemporaryBans(
      abuse({
        failures: countersOver(stores.counters?.('failures')),
        uploads: countersOver(stores.counters?.('uploads')),
        policy: () => abusePolicy,
      }),
      threats.banOf,
    ),
    isUsed: async (path: Parameters<UploadEngine['sizeOf']>[0]): Promise<boolean> =>
      (await engine.sizeOf(path)) !== undefined,
    findSlot: engine.find,
  }
  return {
    gateOf: (next) =>
      gate({ ...common, grants: grantVerifier(grantSecretsOf(next), systemClock, refreshKeys) }),
    sign: ({ path, ...slot }, refresh) => {
      if (path === '') throw new TypeError('a slot that is spent has no path')
      return signRefresh({ ...slot, path, refresh }, refreshKeys, systemClock())
    },
    bans: bansOver(common),
    follow(next): void {
      anomalies.follow(next)
      threats.follow(next)
      ;[gatePolicy, proofPolicy, abusePolicy] = policiesOf(next)
    },
  }
}

/** The keys of fresh grants, one below each master key. */
function refreshKeysOf(master: MasterKeys): RefreshKeys {
  return {
    get kid() {
      return master.current.kid
    },
    find: (kid) => master.find(kid)?.derive('hfs-refresh/1 key', ''),
  }
}

function policiesOf(
  config: Config,
): [
  ReturnType<typeof gatePolicyOf>,
  ReturnType<typeof proofPolicyOf>,
  ReturnType<typeof abusePolicyOf>,
] {
  return [gatePolicyOf(config), proofPolicyOf(config), abusePolicyOf(config)]
}

/** Counts that other servers share, where they do; kept by this process while those are out of reach. */
function countersOver(shared: Counters | undefined): Counters {
  return shared === undefined ? memoryCounters() : insuredCounters(shared, memoryCounters())
}
