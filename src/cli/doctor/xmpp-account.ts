import type { Slot } from '../../client/slot.ts'
import { type UploadService, SlotError, xmppUploads } from '../../client/xmpp/main.ts'
import type { Instant } from '../../core/clock.ts'
import { type Credentials, logIn } from '../xmpp/login.ts'
import { slotProblem } from '../xmpp/slot-problem.ts'

export type { UploadService } from '../../client/xmpp/main.ts'

/** What a slot is asked for. */
export interface SlotRequest {
  readonly name: string
  /** In bytes. */
  readonly size: number
  readonly type: string
}

/** A logged-in account. */
export interface XmppAccount extends AsyncDisposable {
  readonly jid: string
  /** Nothing if discovery (XEP-0030) finds none. */
  service(signal: AbortSignal): Promise<UploadService | undefined>
  /** A slot of the service. Rejects with an `OperatorError` that says why there is none. */
  slot(request: SlotRequest, signal: AbortSignal): Promise<Slot>
  /** The server's clock (XEP-0202); nothing if it does not tell. */
  time(signal: AbortSignal): Promise<Instant | undefined>
}

/** An account of an XMPP server. Rejects with an `OperatorError` that says what to do. */
export async function openAccount(
  credentials: Credentials,
  signal: AbortSignal,
): Promise<XmppAccount> {
  const login = await logIn(credentials, signal)
  const { sender } = login
  const uploads = xmppUploads(sender)
  return {
    jid: credentials.jid,
    async slot(request, over) {
      try {
        return await uploads.slotFor(request, over)()
      } catch (error) {
        throw error instanceof SlotError ? slotProblem(error) : error
      }
    },
    async service(over) {
      try {
        return await uploads.service(over)
      } catch (error) {
        if (error instanceof SlotError && error.code === 'no-service') return undefined
        throw error
      }
    },
    async time(over) {
      const payload = { name: 'time', xmlns: 'urn:xmpp:time' }
      const answer = await sender.ask({ to: sender.domain, payload }, over)
      if (answer.kind === 'error') return undefined
      const told = answer.payload?.children.find(({ name }) => name === 'utc')?.text ?? ''
      const time = Date.parse(told)
      return Number.isNaN(time) ? undefined : time
    },
    [Symbol.asyncDispose]: async () => await login[Symbol.asyncDispose](),
  }
}
