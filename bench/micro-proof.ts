import { createHmac, hash } from 'node:crypto'
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { systemClock } from '../src/core/clock.ts'
import { randomId } from '../src/core/random.ts'
import { masterKeys } from '../src/keys/master-keys.ts'
import { type ProofKeys, proofKeys } from '../src/proof/proof-keys.ts'
import { type Proofs, proofs } from '../src/proof/proofs.ts'
import type { ShownProof, SignedRequest } from '../src/proof/signed-request.ts'
import { memoryNonceStore } from '../src/stores/memory/nonce-store.ts'
import type { MicroCase } from './micro.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** Proofs that take turns. */
const SHOWN = 2048

/** What is redeemed already when the first proof comes. */
const REDEEMED = 50_000

/** What every proof of the benchmarks is for. */
export const REQUEST: SignedRequest = {
  method: 'PATCH',
  target: '/files/-/uploads/Zk1vU3R5bGVVcGxvYWRSZXNvdXJjZTI1NkJpdHM',
  offset: '7340032',
  digest: undefined,
  network: '198.51.100.0/24',
  address: '198.51.100.7',
  authorization: undefined,
  queryMac: undefined,
}

const NOW = systemClock()

/** A server's proofs at a moment that does not pass. */
export interface BenchedProofs {
  readonly keys: ProofKeys
  readonly proofs: Proofs
}

/**
 * Proofs over a memory of many nonces. That memory's clock is a day ahead, so that a nonce has
 * ended as soon as it is redeemed, and a proof that comes again is as good as a new one.
 */
export async function benchedProofs(): Promise<BenchedProofs> {
  const key = Buffer.from(randomId(32), 'base64url')
  const entry = { kid: 'bench', key, createdAt: NOW, activeFrom: NOW }
  const keys = proofKeys(masterKeys([entry], () => NOW))
  const nonces = memoryNonceStore(() => NOW + DAY)
  for (let count = 0; count < REDEEMED; count += 1) await nonces.redeem(randomId(16), NOW + 2 * DAY)
  const policy = {
    challengeWindow: 5 * MINUTE,
    nextChallengeLife: 30 * MINUTE,
    address: 'off',
  } as const
  const publicUrl = new URL('https://upload.example.org/files/')
  const rest = { clock: () => NOW, newId: randomId, policy: () => policy, publicUrl }
  return { keys, proofs: proofs({ keys, nonces, ...rest }) }
}

/** What the holder of `key` shows for the request of the benchmark. */
export function answerOf(
  sessionId: string,
  key: Buffer,
  { proofs: made }: BenchedProofs,
): ShownProof {
  const challenge = made.challenge(sessionId, REQUEST, 'next')
  const { method, target, offset } = REQUEST
  const about = [sessionId, method, 'upload.example.org', target, challenge, offset, '-']
  const mac = createHmac('sha256', key).update(['HMAC-Challenge/1', ...about].join('\n'))
  return { sessionId, answer: `${challenge}.${mac.digest('base64url')}`, dpop: undefined }
}

const NOTHING: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

/** Proofs that are right, one after the other; a wrong one would be measured for something else. */
async function rightOnes(
  shown: readonly ShownProof[],
  check: (each: ShownProof) => Promise<{ kind: string }>,
): Promise<{ call: (index: number) => unknown } & AsyncDisposable> {
  for (const each of shown) {
    if ((await check(each)).kind !== 'proved') throw new Error('a right proof was refused')
  }
  return {
    call: (index) => {
      const each = shown[index % SHOWN]
      return each && check(each)
    },
    ...NOTHING,
  }
}

const CHALLENGE: MicroCase = {
  name: 'challenge made',
  limit: 50,
  prepare: async () => {
    const benched = await benchedProofs()
    const ids = Array.from({ length: SHOWN }, () => randomId(32))
    return {
      call: (index) => benched.proofs.challenge(ids[index % SHOWN] ?? '', REQUEST, 'next'),
      ...NOTHING,
    }
  },
}

const ANSWER: MicroCase = {
  name: 'answer to a challenge checked, the key of its session derived',
  limit: 50,
  prepare: async () => {
    const benched = await benchedProofs()
    const keyOf = (sessionId: string): Buffer | undefined =>
      benched.keys.sessionKey(benched.keys.kid, sessionId)
    const shown = Array.from({ length: SHOWN }, () => {
      const sessionId = randomId(32)
      return answerOf(sessionId, keyOf(sessionId) ?? Buffer.alloc(0), benched)
    })
    return await rightOnes(
      shown,
      async (each) => await benched.proofs.checkAnswer(each, REQUEST, keyOf(each.sessionId ?? '')),
    )
  },
}

function dpopCase(alg: 'ES256' | 'Ed25519'): MicroCase {
  return {
    name: `DPoP proof by ${alg} checked`,
    calls: SHOWN,
    prepare: async () => {
      const benched = await benchedProofs()
      const { privateKey, publicKey } = await generateKeyPair(alg)
      const jwk = await exportJWK(publicKey)
      const jkt = await calculateJwkThumbprint(jwk)
      const shown = Array.from({ length: SHOWN }, async () => {
        const sessionId = randomId(32)
        const claims = {
          jti: randomId(16),
          htm: REQUEST.method,
          htu: `https://upload.example.org${REQUEST.target}`,
          iat: NOW / 1000,
          ath: hash('sha256', sessionId, 'base64url'),
          nonce: benched.proofs.dpopNonce(),
        }
        const proof = new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg, jwk })
        return { sessionId, answer: undefined, dpop: await proof.sign(privateKey) }
      })
      return await rightOnes(
        await Promise.all(shown),
        async (each) => await benched.proofs.checkDpop(each, REQUEST, jkt),
      )
    },
  }
}

/** What proof costs a request. */
export const PROOF_CASES: readonly MicroCase[] = [
  CHALLENGE,
  ANSWER,
  dpopCase('ES256'),
  dpopCase('Ed25519'),
]
