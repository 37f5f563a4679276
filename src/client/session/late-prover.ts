import { lateCode } from '../late-code.ts'
import type { PersistenceNeeds } from '../persistence.ts'
import { hmacProver } from './hmac-prover.ts'
import type { MakeProver } from './prover.ts'
import type { SessionKind } from './session-keeper.ts'

/** How sessions of a kind prove themselves. Most pages never prove by DPoP: its code is loaded when it is used. */
export async function proverOf(kind: SessionKind, needs: PersistenceNeeds): Promise<MakeProver> {
  if (kind !== 'dpop') return hmacProver
  return (await lateCode(async () => await import('./dpop-prover.ts'), needs)).dpopProver
}
