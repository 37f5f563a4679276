import { Refusal } from '../core/refusals.ts'
import type { Handler } from '../http/exchange.ts'

/** The handlers of one listener. */
export interface Routes {
  readonly put: Handler
  readonly remove: Handler
  readonly download: Handler
  readonly health: Handler
}

const HEALTH = '-/health/'

/** Slot paths share one space with paths of our own below `-/`; the method tells the rest. */
export function router({ put, remove, download, health }: Routes): Handler {
  return async (exchange): Promise<void> => {
    if (exchange.target.rawPath.startsWith(HEALTH)) return await health(exchange)
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
      case 'OPTIONS':
        return await download(exchange)
      case 'PUT':
        return await put(exchange)
      case 'DELETE':
        return await remove(exchange)
      default:
        throw new Refusal('method-not-allowed', { allow: 'GET, HEAD, OPTIONS, PUT, DELETE' })
    }
  }
}
