import * as HEADER from '../../wire/header-fields.ts'
import type { UploadRequest } from '../transport.ts'
import { base64url } from './base64url.ts'
import { type Key, type Prover, type ProverNeeds, encoded, isKey, randomBytes } from './prover.ts'
import { signedUrl } from './signed-url.ts'

const HMAC = { name: 'HMAC', hash: 'SHA-256' }

/** Proves with a key that the server makes (HMAC-Challenge, version 1). */
export function hmacProver({ keepsKeys, saved, random = randomBytes }: ProverNeeds): Prover {
  // By the same nonce the server knows an opening whose answer was lost.
  const nonce = textOfBytes(saved['nonce']) ?? base64url(random(32))
  let key = isKey(saved['key']) ? saved['key'] : textOfBytes(saved['key'])
  // Each is good for one request; the newest lives longest.
  const challenges: string[] = []
  return {
    async fields(request, id) {
      if (id === undefined) return { [HEADER.sessionAccept]: `hmac-sha256; nonce="${nonce}"` }
      const challenge = challenges.pop()
      const shown = { [HEADER.sessionId]: id }
      if (challenge === undefined || key === undefined) return shown
      const text = challengeText(request, id, challenge)
      const mac = await crypto.subtle.sign('HMAC', await usable(key), encoded(text))
      return { ...shown, [HEADER.challengeResponse]: `${challenge}.${base64url(mac)}` }
    },
    async learn({ status, headers }) {
      const told = textOfBytes(headers.get(HEADER.sessionKey))
      if (told !== undefined && status < 300) key ??= keepsKeys ? await usable(told) : told
      const asked = /HMAC-Challenge challenge="([\w-]+)"/u.exec(
        headers.get(HEADER.wwwAuthenticate) ?? '',
      )?.[1]
      const challenge = headers.get(HEADER.nextChallenge) ?? asked
      if (challenge !== undefined) challenges.push(challenge)
      return status === 401 && asked !== undefined && key !== undefined
    },
    saved: async () => ({ nonce, key }),
  }
}

/** What is signed; of the fields it may cover those that this client sends. */
function challengeText(request: UploadRequest, id: string, challenge: string): string {
  const headers = new Headers(request.headers)
  const { authority, target } = signedUrl(request.url)
  return [
    'HMAC-Challenge/1',
    id,
    request.method,
    authority,
    target,
    challenge,
    headers.get(HEADER.uploadOffset) ?? '-',
    headers.get(HEADER.contentDigest) ?? '-',
  ].join('\n')
}

async function usable(key: Key | string): Promise<Key> {
  if (isKey(key)) return key
  return await crypto.subtle.importKey('jwk', { kty: 'oct', k: key }, HMAC, false, ['sign'])
}

/** 32 bytes in base64url, if the value is that. */
function textOfBytes(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\w-]{43}$/u.test(value) ? value : undefined
}
