import { Refusal } from '../../core/refusals.ts'
import type { Engine } from '../../engine/engine.ts'
import type { Gate } from '../../gate/gate.ts'
import type { Handler } from '../../http/exchange.ts'

/** The signed DELETE that Metronome sends when a file is to go; it expects 204. */
export function deleteHandler(needs: { gate: Gate; engine: Pick<Engine, 'remove'> }): Handler {
  return async (exchange): Promise<void> => {
    const path = needs.gate.admitDelete(exchange)
    if (!(await needs.engine.remove(path))) throw new Refusal('not-found')
    exchange.reply({ status: 204 })
  }
}
