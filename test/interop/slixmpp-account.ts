import { EventEmitter, once } from 'node:events'
import { join } from 'node:path'
import { startProgram } from './running-program.ts'
import type { UploadingClient } from './uploading-client.ts'
import { PASSWORD, type XmppHost } from './xmpp-server.ts'

/** A logged-in account on slixmpp: uploads as a client, and sees what others send it. */
export interface SlixmppAccount extends UploadingClient {
  /** The next link, in order, that `from` (bare JID) sends here. */
  readonly nextLink: (from: string, signal: AbortSignal) => Promise<string>
}

interface Report {
  readonly event: string
  readonly from?: string
  readonly body?: string
  readonly text?: string
}

/** Logs in as `name` on a host; `env` reaches the client (for a certificate authority of ours). */
export async function slixmppAccount(
  host: XmppHost,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<SlixmppAccount> {
  const jid = `${name}@${host.domain}`
  const script = join(import.meta.dirname, 'clients/slixmpp_account.py')
  const args = [script, jid, PASSWORD, String(host.port), host.uploadService]
  const program = startProgram('/usr/bin/python3', args, { env })
  const links = mailbox()
  const outcomes = new EventEmitter<{ outcome: [Report] }>()
  program.onLine((line) => {
    const report = parseReport(line)
    if (report?.event === 'message') links.put(report.from ?? '', report.body ?? '')
    if (report?.event === 'sent' || report?.event === 'failed') outcomes.emit('outcome', report)
  })
  await program.line(/"event": "ready"/)

  return {
    jid,
    log: async () => program.log(),
    nextLink: links.take,
    async upload(path, to) {
      const { promise, resolve } = Promise.withResolvers<Report>()
      outcomes.once('outcome', resolve)
      program.write(`${JSON.stringify({ upload: path, to })}\n`)
      const report = await Promise.race([promise, program.ended])
      if (report === null || typeof report === 'number') throw new Error('slixmpp ended')
      if (report.event === 'failed') throw new Error(`slixmpp: ${report.text}`)
    },
    [Symbol.asyncDispose]: async () => await program[Symbol.asyncDispose](),
  }
}

function parseReport(line: string): Report | undefined {
  if (!line.startsWith('{')) return undefined
  const report: unknown = JSON.parse(line)
  return isReport(report) ? report : undefined
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'event' in value
}

/** Links in order of arrival, each taken once, by sender. */
function mailbox(): {
  put: (from: string, body: string) => void
  take: (from: string, signal: AbortSignal) => Promise<string>
} {
  const waiting = new Map<string, string[]>()
  const news = new EventEmitter<{ link: [] }>()
  news.setMaxListeners(0)
  return {
    put(from, body) {
      if (!/^https?:\/\/\S+$/.test(body)) return
      waiting.set(from, [...(waiting.get(from) ?? []), body])
      news.emit('link')
    },
    async take(from, signal) {
      for (;;) {
        const [link, ...rest] = waiting.get(from) ?? []
        waiting.set(from, rest)
        if (link !== undefined) return link
        await once(news, 'link', { signal })
      }
    },
  }
}
