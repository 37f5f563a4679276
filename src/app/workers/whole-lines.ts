import type { LogDestination } from '../../observe/log.ts'

/** What a pipe takes in one piece from each of several writers, in bytes (`PIPE_BUF` of Linux). */
const AT_ONCE = 4096

/**
 * The destination for a process that shares it with others: no write is so long that lines of two
 * processes could be mixed, except for a single line that is longer by itself.
 */
export function wholeLines(destination: LogDestination): LogDestination {
  const write = (lines: string): void => {
    let waiting = ''
    for (const line of lines.split(/(?<=\n)/u)) {
      if (waiting !== '' && Buffer.byteLength(waiting) + Buffer.byteLength(line) > AT_ONCE) {
        destination.write(waiting)
        waiting = ''
      }
      waiting += line
    }
    destination.write(waiting)
  }
  return { write, isTTY: destination.isTTY === true }
}
