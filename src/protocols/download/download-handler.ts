import type { Clock, Instant } from '../../core/clock.ts'
import { Refusal } from '../../core/refusals.ts'
import { parseSlotPath, type SlotPath } from '../../core/slot-path.ts'
import type { Engine, Lookup, PublishedFile } from '../../engine/engine.ts'
import { optionsAnswer } from '../../http/cross-origin.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { answerWithFile, type Found } from './file-answer.ts'
import { fileHeads } from './file-head.ts'
import type { WaitingReaders } from './waiting-readers.ts'

/** How to let the proxy in front send the bytes of a file. */
export interface Acceleration {
  /** `X-Accel-Redirect` (nginx) or `X-Sendfile` (Apache, lighttpd). */
  readonly header: string
  /** Put in front of the file's place in the storage folder: an internal URL, or an absolute path. */
  readonly prefix: string
}

export interface DownloadNeeds {
  readonly engine: Pick<Engine, 'lookup' | 'untilPublished' | 'read' | 'location'>
  readonly clock: Clock
  /** Milliseconds a reader waits for an upload that is on its way; 0: not at all. */
  readonly waitForUpload: number
  /** Those who wait for an upload that is on its way. */
  readonly readers: WaitingReaders
  readonly accel?: Acceleration
  /** Size in bytes from which the proxy is faster; 1 MiB unless told. */
  readonly accelAbove?: number
}

/** An upload that had no byte for so long (ms) is not worth waiting for. */
const STALLED_AFTER = 30_000
const ACCEL_ABOVE = 1024 * 1024
const METHODS = 'GET, HEAD, OPTIONS'

/**
 * Answers GET, HEAD and OPTIONS of a slot path: the published file, with ranges and conditions
 * (RFC 9110 §13, §14). Of a slot whose upload is on its way, readers wait for the publish.
 *
 * Refusals: `bad-path`, `method-not-allowed`, `not-found`, `precondition-failed`, `upload-unfinished`.
 */
export function downloadHandler(needs: DownloadNeeds): Handler {
  const headOf = fileHeads(needs.clock)
  const awaitFile = fileAwaiter(needs)
  const accelerated = accelerator(needs)
  return async (exchange) => {
    if (exchange.method === 'OPTIONS') {
      exchange.reply(optionsAnswer())
      return
    }
    if (exchange.method !== 'GET' && exchange.method !== 'HEAD') {
      throw new Refusal('method-not-allowed', { allow: METHODS })
    }
    const path = parseSlotPath(exchange.target.rawPath)
    const seen = await needs.engine.lookup(path)
    const file = seen.kind === 'published' ? seen.file : await awaitFile(path, seen, exchange)
    const found = { file, head: headOf(file) }
    if (!accelerated(exchange, found)) await answerWithFile(exchange, found, needs.engine)
  }
}

/** How to get at a file that was not there at the first look. */
type AwaitFile = (
  path: SlotPath,
  seen: Exclude<Lookup, { kind: 'published' }>,
  exchange: Exchange,
) => Promise<PublishedFile>

function fileAwaiter({ engine, clock, waitForUpload, readers }: DownloadNeeds): AwaitFile {
  const isOnItsWay = (lastByteAt: Instant | undefined): boolean =>
    lastByteAt !== undefined && clock() - lastByteAt <= STALLED_AFTER

  return async (path, seen, exchange) => {
    if (seen.kind === 'unknown') throw new Refusal('not-found')
    if (waitForUpload === 0 || !isOnItsWay(seen.lastByteAt)) throw new Refusal('upload-unfinished')
    using place = readers.enter({ path, network: exchange.client.network })
    if (place === undefined) throw new Refusal('upload-unfinished', { why: 'too many wait' })
    const deadline = AbortSignal.timeout(waitForUpload)
    try {
      return await engine.untilPublished(path, AbortSignal.any([exchange.signal, deadline]))
    } catch (cause) {
      if (cause !== deadline.reason) throw cause
      throw new Refusal('upload-unfinished', { waited: waitForUpload }, { cause })
    }
  }
}

/**
 * Leaves the answer to the proxy in front where it may. Ranges and conditions are then the
 * proxy's too: nginx replaces our `ETag` and `Last-Modified` by its own, so only it can tell
 * whether the client's copy is the one it would send. `Content-Length` must not promise a body
 * that we do not send.
 */
function accelerator(needs: DownloadNeeds): (exchange: Exchange, found: Found) => boolean {
  const { accel, engine, accelAbove = ACCEL_ABOVE } = needs
  if (accel === undefined) return () => false
  return (exchange, { file, head }) => {
    const location = file.size >= accelAbove ? engine.location(file) : undefined
    if (location === undefined) return false
    const headers = { ...head.description, [accel.header]: `${accel.prefix}${location}` }
    exchange.reply({ status: 200, headers })
    return true
  }
}
