import { Refusal } from '../../core/refusals.ts'
import type { Handler } from '../../http/exchange.ts'
import type { Readiness } from './readiness.ts'

/** Answers `/-/health/live` and `/-/health/ready`; GET and HEAD only, anything else below is not found. */
export function healthHandler(readiness: Readiness): Handler {
  return async (exchange) => {
    const { method, target } = exchange
    if (method !== 'GET' && method !== 'HEAD') {
      throw new Refusal('method-not-allowed', { allow: 'GET, HEAD' })
    }
    switch (target.rawPath) {
      case '-/health/live':
        return exchange.reply(readiness.live())
      case '-/health/ready':
        return exchange.reply(await readiness.ready())
      default:
        throw new Refusal('not-found')
    }
  }
}
