import type { Client, xml as makeXml } from '@xmpp/client'
import { answered } from '../../client/xmpp/answered.ts'
import { xmppClientSender, type IqSender } from '../../client/xmpp/main.ts'
import { errorCode } from '../../core/error-code.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { loginProblem } from './login-problem.ts'
import { UnencryptedError } from './unencrypted-error.ts'

export interface Credentials {
  /** Bare JID. */
  readonly jid: string
  readonly password: string
  /** The server's URL (`xmpp:` with STARTTLS, `xmpps:`, `wss:`); default: what DNS says of the JID's domain. */
  readonly service?: string
}

/** An account that is logged in; it logs in again by itself when its connection is lost. */
export interface XmppLogin extends AsyncDisposable {
  /** Bare JID. */
  readonly jid: string
  readonly xmpp: Client
  readonly xml: typeof makeXml
  /** Waits for the connection, if there is none at this moment. */
  readonly sender: IqSender
  /** Resolves when the connection stands. */
  ready(signal: AbortSignal): Promise<void>
}

/** Milliseconds for each step of the login and the end. */
const STEP = 10_000

/** Milliseconds for the whole login. */
const PATIENCE = 30_000

/**
 * Logs in by `@xmpp/client`, never without encryption (RFC 7590).
 * @throws {OperatorError} with the remedy
 */
export async function logIn(credentials: Credentials, signal: AbortSignal): Promise<XmppLogin> {
  const { client, jid, xml } = await libraryInstalled()
  const { local, domain } = jid(credentials.jid)
  const { service = domain } = credentials
  const { password } = credentials
  await using stack = new AsyncDisposableStack()
  const xmpp = client({
    service,
    domain,
    username: local,
    timeout: STEP,
    // The strongest mechanism stands first.
    credentials: async (authenticate, [mechanism = '']) => {
      if (!xmpp.isSecure()) throw new UnencryptedError()
      await authenticate({ username: local, password }, mechanism)
    },
  })
  stack.defer(async () => await ended(xmpp))
  const patience = AbortSignal.timeout(PATIENCE)
  try {
    await answered(opened(xmpp, { service, domain }), AbortSignal.any([signal, patience]))
  } catch (reason) {
    signal.throwIfAborted()
    throw loginProblem(reason, credentials)
  }
  const running = stack.move()
  const ready = async (over: AbortSignal): Promise<void> => await standing(xmpp, over)
  return {
    jid: credentials.jid,
    xmpp,
    xml,
    ready,
    sender: patient(xmppClientSender(xmpp, xml), ready),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

async function libraryInstalled(): Promise<typeof import('@xmpp/client')> {
  try {
    return await import('@xmpp/client')
  } catch (cause) {
    if (errorCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new OperatorError(
      'Speaking XMPP needs a package that is not installed; run: npm install @xmpp/client',
    )
  }
}

async function opened(
  xmpp: Client,
  { service, domain }: { service: string; domain: string },
): Promise<void> {
  const { promise: online, resolve, reject } = Promise.withResolvers<void>()
  xmpp.on('online', resolve)
  xmpp.on('error', reject)
  // Errors are told by event, by rejection, or both.
  const opening = async (): Promise<void> => {
    await xmpp.connect(service)
    await xmpp.open({ domain })
  }
  await Promise.all([online, opening()])
}

/** A server that does not end its stream is waited for no longer than this, in milliseconds. */
const FAREWELL = 2000

async function ended(xmpp: Client): Promise<void> {
  xmpp.reconnect.stop()
  await answered(xmpp.stop(), AbortSignal.timeout(FAREWELL)).catch(() => {})
}

async function standing(xmpp: Client, signal: AbortSignal): Promise<void> {
  if (xmpp.status === 'online') return
  const { promise, resolve } = Promise.withResolvers<void>()
  xmpp.on('online', resolve)
  xmpp.streamManagement.on('resumed', resolve)
  try {
    await answered(promise, signal)
  } finally {
    xmpp.off('online', resolve)
    xmpp.streamManagement.off('resumed', resolve)
  }
}

/** Asks when there is a connection to ask through. */
function patient(sender: IqSender, ready: XmppLogin['ready']): IqSender {
  return {
    domain: sender.domain,
    async ask(request, signal) {
      await ready(signal)
      return await sender.ask(request, signal)
    },
  }
}
