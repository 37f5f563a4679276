import type { Transport, UploadAnswer } from '../../src/client/transport.ts'

/** An answer: its status, and its header fields; `code` is that of its problem document. */
export interface ScriptedAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly code?: string
}

/** What is answered to a request: an answer, or the loss of the connection; `cut`: when half of the body is sent. */
export type ScriptedLine = ScriptedAnswer | 'lost' | 'cut'

export interface ScriptedTransport {
  readonly transport: Transport
  /** Each request so far: method, path, and the size of its body if it has one. */
  readonly asked: string[]
}

/** Takes bodies whole and answers with one line after the other; the last is repeated. */
export function scripted(lines: readonly ScriptedLine[]): ScriptedTransport {
  const asked: string[] = []
  return {
    asked,
    transport: async ({ method, url, body, signal, onSent }) => {
      signal.throwIfAborted()
      const line = lines[Math.min(asked.length, lines.length - 1)]
      asked.push([method, new URL(url).pathname, ...(body ? [body.size] : [])].join(' '))
      if (line === 'cut') onSent?.((body?.size ?? 0) / 2)
      if (line === undefined || typeof line === 'string') throw new Error('The connection was lost')
      if (body) onSent?.(body.size)
      return answerOf(line)
    },
  }
}

function answerOf({ status, headers, code }: ScriptedAnswer): UploadAnswer {
  return { status, headers: new Headers(headers), ...(code !== undefined && { problem: code }) }
}
