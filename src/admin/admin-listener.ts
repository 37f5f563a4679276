import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import { OperatorError } from '../core/operator-error.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import { bind } from '../http/binding.ts'
import type { Answer } from '../http/exchange.ts'
import { refusalAnswer } from '../http/refusal-response.ts'
import type { Log } from '../observe/log.ts'
import { HEADER } from '../wire/header-names.ts'
import { adminRoutes } from './admin-routes.ts'
import type { AdminRequest, AdminRouteNeeds } from './admin-routes.ts'
import { adminExposure } from './exposure.ts'

/** A request has this long to arrive, in milliseconds; none has a body that is read. */
const REQUEST_TIMEOUT = 10_000

export interface AdminListenerNeeds extends Pick<AdminRouteNeeds, 'metrics' | 'readiness'> {
  readonly listen: ListenAddress
  /** Names that `Host` may have, without port. */
  readonly hosts: readonly string[]
  /** Absent: nothing but metrics and health is answered. */
  readonly token?: string | undefined
  readonly log: Log
}

/** The operators' listener. Disposing ends it and its connections. */
export interface AdminListener extends AsyncDisposable {
  /** Where it listens: the port that was given, or the one that 0 became. */
  readonly address: ListenAddress
}

/** Starts the admin listener; rejects if it would be open to other machines without a token, or can't listen. */
export async function startAdminListener(needs: AdminListenerNeeds): Promise<AdminListener> {
  const exposure = adminExposure(needs.listen, needs.token)
  if (exposure !== undefined) throw new OperatorError(exposure)
  const answer = adminRoutes(routeNeeds(needs))
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    void respond({ request, response, answer, log: needs.log })
  })
  const address = await bind(server, needs.listen, 0o600)
  return {
    address,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function routeNeeds({
  listen,
  hosts,
  token,
  metrics,
  readiness,
}: AdminListenerNeeds): AdminRouteNeeds {
  const shared = { metrics, readiness }
  if (listen.kind === 'unix') return { ...shared, access: 'not-needed' }
  return { ...shared, hosts, access: { token } }
}

interface Visit {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly answer: (request: AdminRequest) => Promise<Answer>
  readonly log: Log
}

async function respond({ request, response, answer, log }: Visit): Promise<void> {
  const { method = '', url = '', headers } = request
  const [path = ''] = url.split('?')
  try {
    send(response, await answer({ method, path, headers }))
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal('internal', {}, { cause: error })
    if (refusal === error) log.info({ path, code: refusal.code }, 'admin request refused')
    else log.error({ path, err: error }, 'admin request failed')
    send(response, refusalAnswer(refusal, method))
  }
}

function send(response: ServerResponse, { status, headers = {}, body = '' }: Answer): void {
  response.writeHead(status, {
    'x-content-type-options': 'nosniff',
    ...headers,
    [HEADER.contentLength]: Buffer.byteLength(body),
  })
  response.end(body)
}
