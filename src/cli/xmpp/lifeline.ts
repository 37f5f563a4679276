import type { Client, xml as makeXml } from '@xmpp/client'
import { answered } from '../../client/answered.ts'
import { type Stopwatch, systemStopwatch } from '../../core/clock.ts'
import { ping } from './ping.ts'

/** Milliseconds for which a connection is alive because something arrived. */
const FRESH = 5000

/** Milliseconds that a server has for the answer to a ping. */
const PATIENCE = 5000

/** A login's way to its server. */
export interface Lifeline {
  /**
   * Resolves when there is a connection on which the server answers. After a change of network a connection can be
   * dead without a sign of it: one that was silent is tried by a ping (XEP-0199) first, and left if no answer comes.
   */
  alive(signal: AbortSignal): Promise<void>
}

/** Watches over a client that connects again by itself. */
export function lifeline(
  login: { xmpp: Client; xml: typeof makeXml },
  stopwatch: Stopwatch = systemStopwatch,
): Lifeline {
  const { xmpp } = login
  let heardAt = stopwatch()
  let reviving: Promise<void> | undefined
  xmpp.on('element', () => (heardAt = stopwatch()))

  async function revived(): Promise<void> {
    for (;;) {
      await online(xmpp)
      if (stopwatch() - heardAt < FRESH || (await ping(login, PATIENCE))) return
      await left(xmpp)
    }
  }

  return {
    async alive(signal) {
      reviving ??= revived().finally(() => (reviving = undefined))
      await answered(reviving, signal)
    },
  }
}

async function online(xmpp: Client): Promise<void> {
  if (xmpp.status === 'online') return
  const { promise, resolve } = Promise.withResolvers<void>()
  xmpp.on('online', resolve)
  xmpp.streamManagement.on('resumed', resolve)
  try {
    await promise
  } finally {
    xmpp.off('online', resolve)
    xmpp.streamManagement.off('resumed', resolve)
  }
}

/** Ends a connection that is dead, over which no farewell would arrive. */
async function left(xmpp: Client): Promise<void> {
  const wire = xmpp.socket?.socket
  if (wire?.destroy === undefined) return void (await xmpp.disconnect())
  const { promise, resolve } = Promise.withResolvers<void>()
  xmpp.on('disconnect', resolve)
  wire.destroy()
  await promise
  xmpp.off('disconnect', resolve)
}
