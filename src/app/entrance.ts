import { abuse } from '../abuse/abuse.ts'
import { insuredCounters } from '../abuse/insured-counters.ts'
import type { Counters } from '../abuse/ports.ts'
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
import { type MasterKeys, openMasterKeys } from '../keys/master-keys.ts'
import type { Log } from '../observe/log.ts'
import type { SessionFaceNeeds } from '../protocols/session/session-handler.ts'
import { proofKeys } from '../proof/proof-keys.ts'
import { proofs } from '../proof/proofs.ts'
import type { Places } from '../risk/places.ts'
import { memoryCounters } from '../stores/memory/counters.ts'
import { abusePolicyOf, gatePolicyOf, proofPolicyOf } from './security-settings.ts'
import type { AllSessions } from './sessions.ts'
import { grantSecretsOf } from './settings.ts'
import type { Stores } from './stores.ts'

/** The way in of a process, as its configuration has it. */
export interface Entrance {
  /** The gate for a configuration's grants. */
  gateOf(config: Config): Gate
  /** Signs fresh grants for slots of sessions. */
  readonly sign: SessionFaceNeeds['sign']
  /** Puts the policies of a new configuration into effect. */
  follow(config: Config): void
}

/** What the way in is built from. */
export interface EntranceNeeds {
  readonly stores: Pick<Stores, 'nonces' | 'counters' | 'exchangeMasterKeyName'>
  readonly sessions: AllSessions
  readonly engine: Pick<UploadEngine, 'sizeOf' | 'find'>
  readonly events: GateEvents
  readonly log: Log
  readonly places: Pick<Places, 'find'>
  readonly networkName: (client: ClientAddress) => string
}

/** Opens what the way in needs of files: its keys. */
export async function openEntrance(config: Config, needs: EntranceNeeds): Promise<Entrance> {
  const { stores, sessions, engine, events, log, places, networkName } = needs
  const { publicUrl } = config.server
  let [gatePolicy, proofPolicy, abusePolicy] = policiesOf(config)
  const master = await openMasterKeys(config.security.masterKey)
  await warnOfOtherKey(master, { stores, log })
  const keys = proofKeys(master)
  const refreshKeys = refreshKeysOf(master)
  const common = {
    sessions: sessions.slots,
    bound: sessions.bound,
    keys,
    places,
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
    abuse: abuse({
      failures: countersOver(stores.counters?.('failures')),
      uploads: countersOver(stores.counters?.('uploads')),
      policy: () => abusePolicy,
    }),
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
    follow(next): void {
      ;[gatePolicy, proofPolicy, abusePolicy] = policiesOf(next)
    },
  }
}

/** Servers that share the records understand each other's sessions with the same master key only. */
async function warnOfOtherKey(
  master: MasterKeys,
  { stores, log }: Pick<EntranceNeeds, 'stores' | 'log'>,
): Promise<void> {
  const { kid } = master.current
  const latest = await stores.exchangeMasterKeyName?.(kid)
  if (latest === undefined || master.find(latest) !== undefined) return
  log.warn(
    { kid, latest },
    'the server that was started before this one has another master key: each refuses the sessions of the other ' +
      'until all have the same file (security.master_key)',
  )
}

/** The keys of fresh grants, one below each master key. */
function refreshKeysOf(master: MasterKeys): RefreshKeys {
  return {
    kid: master.current.kid,
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
