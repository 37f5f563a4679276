import { systemClock } from '../src/core/clock.ts'
import type { Scheme } from '../src/core/grant.ts'
import { parseSlotPath } from '../src/core/slot-path.ts'
import type { GrantRequest } from '../src/grants/grant-request.ts'
import { signSlot } from '../src/grants/sign.ts'
import { grantVerifier } from '../src/grants/verifier.ts'
import type { MicroCase } from './micro.ts'

/** Requests that take turns. */
const REQUESTS = 2048

const SIZE = 65_536
const CONTENT_TYPE = 'image/jpeg'
const HOUR = 3_600_000
const SECRET = Buffer.from('the-grants-of-the-benchmark-77e0')
const SCHEMES: readonly Scheme[] = ['v1', 'v2', 'v3', 'jwt']

function signedRequest(scheme: Scheme, at: number): GrantRequest {
  const path = parseSlotPath(`aB3${at}/photo.jpg`)
  const times = { issuedAt: systemClock(), expiresAt: systemClock() + HOUR }
  const slot = { path, size: SIZE, contentType: CONTENT_TYPE, ...times }
  const { query, authorization } = signSlot(scheme, slot, SECRET)
  const shown = { query: new URLSearchParams(query), authorization }
  return { path, contentType: CONTENT_TYPE, size: SIZE, ...shown }
}

function grantCase(scheme: Scheme): MicroCase {
  return {
    name: `grant ${scheme} checked`,
    prepare: async () => {
      const verifier = grantVerifier({ [scheme]: [{ value: SECRET }] }, systemClock)
      const requests = Array.from({ length: REQUESTS }, (_, at) => signedRequest(scheme, at))
      for (const request of requests) await verifier.verify(request)
      return {
        call: (index) => {
          const request = requests[index % REQUESTS]
          return request && verifier.verify(request)
        },
        [Symbol.asyncDispose]: async () => {},
      }
    },
  }
}

/** What it costs to check the slot that a request shows. */
export const GRANT_CASES: readonly MicroCase[] = SCHEMES.map(grantCase)
