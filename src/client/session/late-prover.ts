import { ConnectionLost } from '../connection-lost.ts'
import type { Prover, ProverNeeds } from './prover.ts'

/** The module of one kind of prover. */
interface Loaded {
  readonly dpopProver: (needs: ProverNeeds) => Prover
}

/** A prover whose code is loaded when it is first used, and again if that fails. */
export function lateProver(needs: ProverNeeds, load: () => Promise<Loaded>): Prover {
  let made: Prover | undefined
  const prover = async (): Promise<Prover> => {
    const { dpopProver } = await load().catch(lose)
    return (made ??= dpopProver(needs))
  }
  return {
    fields: async (request, id) => await (await prover()).fields(request, id),
    learn: async (answer) => await (await prover()).learn(answer),
    saved: async () => await (await prover()).saved(),
  }
}

function lose(cause: unknown): never {
  throw new ConnectionLost('The code for DPoP cannot be loaded', { cause })
}
