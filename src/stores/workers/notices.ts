import type { Notices } from '../../engine/ports.ts'
import { type Channel, parseFingerprint } from './channel.ts'

const PUBLISHED = 'published'

/** Tells the other workers, through the primary process, which slots were published. */
export function workerNotices(channel: Channel): Notices {
  return {
    announce: (slot) => channel.send({ word: PUBLISHED, id: 0, text: slot }),
    subscribe(listener) {
      return channel.listen(({ word, text }) => {
        if (word === PUBLISHED) listener(parseFingerprint(text))
      })
    },
  }
}

/** Passes on what one worker announces to all others. */
export interface NoticeRelay {
  /** Includes the worker at the other end of the channel, until it is disposed of. */
  readonly include: (channel: Channel) => Disposable
}

export function noticeRelay(): NoticeRelay {
  const channels = new Set<Channel>()
  return {
    include(channel) {
      channels.add(channel)
      const listening = channel.listen((message) => {
        if (message.word !== PUBLISHED) return
        for (const other of channels) if (other !== channel) other.send(message)
      })
      return {
        [Symbol.dispose]() {
          channels.delete(channel)
          listening[Symbol.dispose]()
        },
      }
    },
  }
}
