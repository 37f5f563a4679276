/** A key that others are derived from. */
interface DerivingKey {
  readonly kid: string
  /** HKDF-SHA256 (RFC 5869), 32 bytes. */
  derive(info: string, salt: string): Buffer
}

/** The keys that others are derived from: one that is used, and those before it. */
interface DerivingKeys {
  readonly current: DerivingKey
  /** The current one first; the same array until that changes. */
  readonly all: readonly DerivingKey[]
  find(kid: string): DerivingKey | undefined
}

/** Keys, the current one first; what an older one made is still accepted. */
export type KeySuccession = readonly [current: Buffer, ...older: Buffer[]]

/** The keys of proofs, all derived: there is nothing to steal from a store. They change with the master keys. */
export interface ProofKeys {
  /** Names the master key that keys of new sessions are derived from. */
  readonly kid: string
  /**
   * The key of a session; nothing if no such master key is known. Takes as long for any id: called
   * for an unknown session too, it makes that one indistinguishable from a known one.
   */
  sessionKey(kid: string, sessionId: string): Buffer | undefined
  readonly challengeKeys: KeySuccession
  readonly dpopNonceKeys: KeySuccession
}

/** Derives the keys of proofs from the master keys, as those are at each use. */
export function proofKeys(master: DerivingKeys): ProofKeys {
  const challenges = succession(master, 'hmac-challenge/1 challenge key')
  const nonces = succession(master, 'dpop/1 nonce key')
  return {
    get kid() {
      return master.current.kid
    },
    sessionKey(kid, sessionId) {
      const found = master.find(kid)
      const key = (found ?? master.current).derive('hmac-challenge/1 session key', sessionId)
      return found && key
    },
    get challengeKeys() {
      return challenges()
    },
    get dpopNonceKeys() {
      return nonces()
    },
  }
}

/** The keys for `info`, derived once for each list of master keys. */
function succession(master: DerivingKeys, info: string): () => KeySuccession {
  const derived = ([current = master.current, ...older]: readonly DerivingKey[]): KeySuccession => [
    current.derive(info, ''),
    ...older.map((key) => key.derive(info, '')),
  ]
  let from = master.all
  let keys = derived(from)
  return () => {
    const { all } = master
    if (all !== from) {
      from = all
      keys = derived(all)
    }
    return keys
  }
}
