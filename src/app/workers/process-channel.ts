import type { Worker } from 'node:cluster'
import process from 'node:process'
import type { Channel, Message } from '../../stores/workers/channel.ts'

/** The primary's end of the line to a worker. */
export function channelTo(worker: Worker): Channel {
  return {
    // What a worker that is gone is not told, its exit makes up for.
    send: (message) => void worker.send(message, () => {}),
    listen: (take) => listening(worker, take),
  }
}

/** A worker's end of the line to the primary. */
export function channelToPrimary(): Channel {
  return {
    send: (message) => void process.send?.(message, () => {}),
    listen: (take) => listening(process, take),
  }
}

function listening(emitter: NodeJS.EventEmitter, take: (message: Message) => void): Disposable {
  const listener = (message: unknown): void => {
    if (isMessage(message)) take(message)
  }
  // A server has a handful of parts that listen on one line.
  emitter.on('message', listener)
  return { [Symbol.dispose]: () => void emitter.off('message', listener) }
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false
  return 'word' in value && 'id' in value && 'text' in value && typeof value.text === 'string'
}

/** The next message with this word; rejects with the signal's reason. */
export async function nextMessage(
  channel: Channel,
  words: readonly string[],
  signal: AbortSignal,
): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>()
  using _listening = channel.listen((message) => {
    if (words.includes(message.word)) resolve(message)
  })
  const give = (): void => reject(signal.reason)
  signal.addEventListener('abort', give, { once: true })
  try {
    signal.throwIfAborted()
    return await promise
  } finally {
    signal.removeEventListener('abort', give)
  }
}
