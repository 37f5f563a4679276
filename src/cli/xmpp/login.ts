import type { Client, xml as makeXml } from '@xmpp/client'
import { answered } from '../../client/answered.ts'
import { xmppClientSender, type IqSender } from '../../client/xmpp/main.ts'
import { errorCode } from '../../core/error-code.ts'
import { TransferFailure } from '../transfer-failure.ts'
import { type Lifeline, lifeline } from './lifeline.ts'
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
  /** Asks when there is a connection on which the server answers. */
  readonly sender: IqSender
  readonly line: Lifeline
}

/** Milliseconds for each step of the login and the end. */
const STEP = 5000

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
  const line = lifeline({ xmpp, xml })
  return {
    jid: credentials.jid,
    xmpp,
    xml,
    line,
    sender: patient(xmppClientSender(xmpp, xml), line),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

async function libraryInstalled(): Promise<typeof import('@xmpp/client')> {
  try {
    return await import('@xmpp/client')
  } catch (cause) {
    if (errorCode(cause) !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new TransferFailure(
      'package-missing',
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

function patient(sender: IqSender, line: Lifeline): IqSender {
  return {
    domain: sender.domain,
    async ask(request, signal) {
      await line.alive(signal)
      return await sender.ask(request, signal)
    },
  }
}
