import { watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What is done when a watched file changes. */
export interface FileWatcher {
  /** The file is another one, and has been left alone for a moment. One call at a time; must not reject. */
  changed(): Promise<void>
  /** The folder cannot be watched any longer. */
  failed(error: unknown): void
}

/** Milliseconds that a file must be left alone, because some programs write them in place. */
const SETTLE = 300

/**
 * Which file a path leads to, and in which state: the text changes when the file is replaced or written,
 * be it behind a link. Empty if there is none.
 */
export async function fileMark(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs].join(' ')
  } catch {
    return ''
  }
}

/**
 * Watches a file from the state `mark` on. It is its folder that is watched, because files are mostly
 * replaced; what happens to other files there costs one look at this one. Keeps no process alive.
 * @throws the error of the system if the folder cannot be watched
 */
export function watchFile(file: string, mark: string, watcher: FileWatcher): AsyncDisposable {
  let known = mark
  let seen = mark
  let timer: NodeJS.Timeout | undefined
  let looking = Promise.resolve()

  const look = async (): Promise<void> => {
    timer = undefined
    const before = seen
    seen = await fileMark(file)
    if (seen === known) return
    if (seen !== before) return lookLater()
    known = seen
    await watcher.changed()
  }
  const lookLater = (): void => {
    timer ??= setTimeout(() => {
      looking = looking.then(look)
    }, SETTLE).unref()
  }

  const folder = watch(dirname(file), { persistent: false }, lookLater)
  folder.on('error', (error) => watcher.failed(error))
  // It may have changed before the watch began.
  lookLater()
  return {
    [Symbol.asyncDispose]: async () => {
      folder.close()
      clearTimeout(timer)
      await looking
      clearTimeout(timer)
    },
  }
}
