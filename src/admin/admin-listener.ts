import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import type { ListenAddress } from '../core/listen-address.ts'
import type { Answer } from '../http/exchange.ts'
import type { Log } from '../observe/log.ts'
import { HEADER } from '../wire/header-names.ts'
import { PROBLEM_TYPE } from '../wire/problem.ts'
import type { Problem } from '../wire/problem.ts'
import { adminRoutes } from './admin-routes.ts'
import type { AdminRequest, AdminRouteNeeds } from './admin-routes.ts'
import { adminExposure } from './exposure.ts'

/** A request has this long to arrive, in milliseconds; none has a body that is read. */
const REQUEST_TIMEOUT = 10_000

export interface AdminListenerNeeds extends Pick<AdminRouteNeeds, 'metrics' | 'readiness'> {
  readonly listen: ListenAddress
  /** Names that `Host` may have, without port. */
  readonly hosts: readonly string[]
  readonly token?: string
  readonly log: Log
}

/** The operators' listener. Disposing ends it and its connections. */
export interface AdminListener extends AsyncDisposable {
  /** Where it listens: the port that was given, or the one that 0 became; a path for a UNIX socket. */
  readonly address: ReturnType<Server['address']>
}

/** Starts the admin listener; rejects if it would be open to other machines without a token, or can't listen. */
export async function startAdminListener(needs: AdminListenerNeeds): Promise<AdminListener> {
  const exposure = adminExposure(needs.listen, needs.token)
  if (exposure !== undefined) throw new Error(exposure)
  const answer = adminRoutes(routeNeeds(needs))
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT }, (request, response) => {
    void respond({ request, response, answer, log: needs.log })
  })
  await listening(server, needs.listen)
  return {
    address: server.address(),
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

async function listening(server: Server, listen: ListenAddress): Promise<void> {
  const ready = once(server, 'listening')
  switch (listen.kind) {
    case 'tcp':
      server.listen(listen.port, listen.host)
      break
    case 'fd':
      server.listen({ fd: listen.fd })
      break
    case 'unix':
      listenPrivately(server, listen.path)
      break
  }
  await ready
}

/** Binds with the mode 0600 from the first moment on: a `chmod` afterwards would leave a gap. */
function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o177)
  try {
    server.listen(path)
  } finally {
    process.umask(before)
  }
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
    if (refusal === error) log.debug({ path, code: refusal.code }, 'admin request refused')
    else log.error({ path, err: error }, 'admin request failed')
    send(response, refused(refusal))
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

function refused({ code, row }: Refusal): Answer {
  const { status, text } = row
  const problem: Problem = { type: 'about:blank', title: text, status, code }
  const challenge = status === 401 ? { [HEADER.wwwAuthenticate]: 'Bearer' } : {}
  const headers = {
    [HEADER.contentType]: PROBLEM_TYPE,
    [HEADER.cacheControl]: 'no-store',
    ...challenge,
  }
  return { status, headers, body: `${JSON.stringify(problem)}\n` }
}
