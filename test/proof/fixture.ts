import { createHmac } from 'node:crypto'
import type { Instant } from '../../src/core/clock.ts'
import { randomId } from '../../src/core/random.ts'
import type { KeyEntry } from '../../src/keys/key-entry.ts'
import { masterKeys } from '../../src/keys/master-keys.ts'
import type { ProofNeeds, ProofPolicy } from '../../src/proof/needs.ts'
import { type ProofKeys, proofKeys } from '../../src/proof/proof-keys.ts'
import { type Proofs, proofs } from '../../src/proof/proofs.ts'
import type { ShownProof, SignedRequest } from '../../src/proof/signed-request.ts'
import { memoryNonceStore } from '../../src/stores/memory/nonce-store.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND

/** What one server has, with a clock that is set by hand. */
export interface ProvingServer {
  readonly proofs: Proofs
  readonly needs: ProofNeeds
  now: Instant
  /** The key of a session that this server made. */
  keyOf(sessionId: string): Buffer
}

const POLICY: ProofPolicy = {
  challengeWindow: 5 * MINUTE,
  nextChallengeLife: 30 * MINUTE,
  address: 'off',
}

export const SESSION = '3q2-7wABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhs'

export const REQUEST: SignedRequest = {
  method: 'PATCH',
  target: '/files/9f3c?v=2',
  offset: '7340032',
  digest: undefined,
  network: '198.51.100.0/24',
  address: '198.51.100.7',
  authorization: undefined,
  queryMac: undefined,
}

export const NOTHING_SHOWN: ShownProof = {
  sessionId: undefined,
  answer: undefined,
  dpop: undefined,
}

/** A master key of which every byte is `seed`. */
function entry(seed: number): KeyEntry {
  return { kid: `key-${seed}`, key: Buffer.alloc(32, seed), createdAt: 0, activeFrom: 0 }
}

/** Keys of proofs below master keys named by numbers, the current one first. */
export function keysOf(newest: number, ...older: readonly number[]): ProofKeys {
  return proofKeys(masterKeys([entry(newest), ...older.map(entry)], () => 1))
}

/** A server; those with the same `nonces` are one site. */
export function provingServer(
  changes: Partial<Omit<ProofNeeds, 'policy' | 'clock'>> & { policy?: Partial<ProofPolicy> } = {},
): ProvingServer {
  const clock = (): Instant => server.now
  const needs: ProofNeeds = {
    keys: keysOf(1),
    nonces: memoryNonceStore(clock),
    newId: randomId,
    publicUrl: new URL('https://upload.example.org/'),
    ...changes,
    clock,
    policy: () => ({ ...POLICY, ...changes.policy }),
  }
  const server: ProvingServer = {
    proofs: proofs(needs),
    needs,
    now: Date.UTC(2026, 10, 22),
    keyOf: (sessionId) => {
      const key = needs.keys.sessionKey(needs.keys.kid, sessionId)
      if (key === undefined) throw new TypeError('the current master key is always known')
      return key
    },
  }
  return server
}

/** The string that an answer signs, written down as the protocol text has it. */
function signedLines(
  sessionId: string,
  challenge: string,
  { method, target, offset, digest }: SignedRequest,
): string {
  const authority = 'upload.example.org'
  return `HMAC-Challenge/1\n${sessionId}\n${method}\n${authority}\n${target}\n${challenge}\n${offset ?? '-'}\n${digest ?? '-'}`
}

/** What a client that has the key shows. */
export function answered(
  challenge: string,
  request: SignedRequest,
  { key, sessionId = SESSION }: { key: Buffer; sessionId?: string },
): ShownProof {
  const text = signedLines(sessionId, challenge, request)
  const mac = createHmac('sha256', key).update(text).digest('base64url')
  return { ...NOTHING_SHOWN, sessionId, answer: `${challenge}.${mac}` }
}
