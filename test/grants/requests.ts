import assert from 'node:assert/strict'
import type { RefusalCode } from '../../src/core/refusals.ts'
import { Refusal } from '../../src/core/refusals.ts'
import { type SlotPath, isSlotPath } from '../../src/core/slot-path.ts'
import type { GrantRequest } from '../../src/grants/grant-request.ts'
import type { Credential } from '../../src/grants/scheme.ts'
import type { Secret } from '../../src/grants/secret.ts'

/** 2025-01-01T00:00:00Z */
export const NOW = 1_735_689_600_000

/** A path that is known to be one. */
export function slotPath(text: string): SlotPath {
  assert.ok(isSlotPath(text), text)
  return text
}

/** One secret that does not end, as a scheme's list of them. */
export function only(value: string): readonly Secret[] {
  return [{ value: Buffer.from(value) }]
}

/** A request as a listener would describe it. */
export function ask(
  path: string,
  shown: Credential & { contentType?: string; size?: GrantRequest['size'] } = {},
): GrantRequest {
  return {
    path: slotPath(path),
    query: new URLSearchParams(shown.query ?? ''),
    authorization: shown.authorization,
    contentType: shown.contentType,
    size: 'size' in shown ? shown.size : 12,
  }
}

/** Asserts a refusal of this code and returns it. */
export async function refusal(attempt: Promise<unknown>, code: RefusalCode): Promise<Refusal> {
  const outcome = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Refusal, `${code} expected, not ${String(outcome)}`)
  assert.equal(outcome.code, code)
  return outcome
}
