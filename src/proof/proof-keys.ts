/** A key that others are derived from. */
interface DerivingKey {
  readonly kid: string
  /** HKDF-SHA256 (RFC 5869), 32 bytes. */
  derive(info: string, salt: string): Buffer
}

/** The keys that others are derived from: one that is used, and those before it. */
interface DerivingKeys {
  readonly current: DerivingKey
  /** The current one first. */
  readonly all: readonly DerivingKey[]
  find(kid: string): DerivingKey | undefined
}

/** Keys, the current one first; what an older one made is still accepted. */
export type KeySuccession = readonly [current: Buffer, ...older: Buffer[]]

/** The keys of proofs, all derived: there is nothing to steal from a store. */
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

/** Derives the keys of proofs from the master keys. */
export function proofKeys(master: DerivingKeys): ProofKeys {
  const succession = (info: string): KeySuccession => [
    master.current.derive(info, ''),
    ...master.all.slice(1).map((key) => key.derive(info, '')),
  ]
  return {
    kid: master.current.kid,
    sessionKey: (kid, sessionId) =>
      master.find(kid)?.derive('hmac-challenge/1 session key', sessionId),
    challengeKeys: succession('hmac-challenge/1 challenge key'),
    dpopNonceKeys: succession('dpop/1 nonce key'),
  }
}
