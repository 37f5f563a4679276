import type { OutgoingHttpHeaders } from 'node:http'
import { Refusal } from '../core/refusals.ts'
import { isSessionPath } from '../core/session-path.ts'
import { isUploadPath } from '../core/upload-resource.ts'
import { optionsAnswer } from '../http/cross-origin.ts'
import type { Exchange, Handler } from '../http/exchange.ts'
import { HEADER } from '../wire/header-names.ts'

/** A protocol by which a client goes on with an upload at its upload resource. */
export interface ResumableFace {
  /** A request on a slot path that starts an upload. */
  readonly create: Handler
  /** Any request on an upload resource. */
  readonly resource: Handler
  /** Methods of an upload resource, as `Allow` lists them. */
  readonly methods: string
  /** What OPTIONS tells of it. */
  readonly discovery: OutgoingHttpHeaders
}

/** The IETF's protocol, which tells the limits of a single slot or upload, too. */
interface LimitedFace extends ResumableFace {
  readonly limitsOf: (exchange: Exchange) => Promise<OutgoingHttpHeaders>
}

/** The handlers of one listener; what is not there is not spoken. */
export interface Routes {
  readonly put: Handler
  readonly remove: Handler
  readonly download: Handler
  readonly health: Handler
  /** What a client asks of its own session. */
  readonly session?: Handler
  /** The IETF's resumable uploads: PUT or POST with `Upload-Complete` or `Upload-Incomplete`. */
  readonly rufh?: LimitedFace
  /** tus 1.0: POST with `Tus-Resumable`. */
  readonly tus?: ResumableFace
  /** PUT with `Content-Range`. */
  readonly range?: Handler
}

const HEALTH = '-/health/'

/** Of a slot path; POST only starts resumable uploads. */
const SLOT_METHODS = 'GET, HEAD, OPTIONS, PUT, DELETE'

/** Slot paths share one space with paths of our own below `-/`; method and fields tell the rest. */
export function router(routes: Routes): Handler {
  const { put, remove, download, health, session, rufh, tus, range } = routes
  const discovery = discoveryOf(routes)
  const methods = rufh === undefined && tus === undefined ? SLOT_METHODS : `${SLOT_METHODS}, POST`
  return (exchange): Promise<void> => {
    const { rawPath } = exchange.target
    if (rawPath.startsWith('-/')) {
      const own = ownHandler(exchange)
      if (own !== undefined) return own(exchange)
    }
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
        return download(exchange)
      case 'OPTIONS':
        return tellOptions(exchange, methods)
      case 'PUT':
        return putOf(exchange)
      case 'POST':
        return postOf(routes, exchange)
      case 'DELETE':
        return remove(exchange)
      default:
        return Promise.reject(notAllowed())
    }
  }

  function putOf(exchange: Exchange): Promise<void> {
    const { headers } = exchange
    if (rufh !== undefined && startsUpload(headers)) return rufh.create(exchange)
    if (range !== undefined && headers[HEADER.contentRange] !== undefined) return range(exchange)
    return put(exchange)
  }

  /** Of the paths of our own; nothing for those that a slot has. */
  function ownHandler(exchange: Exchange): Handler | undefined {
    const { rawPath } = exchange.target
    if (rawPath.startsWith(HEALTH)) return health
    if (isSessionPath(rawPath)) return session
    const face = isUploadPath(rawPath) ? faceOf(routes, exchange) : undefined
    if (face === undefined || exchange.method !== 'OPTIONS') return face?.resource
    return async () => await tellOptions(exchange, face.methods)
  }

  async function tellOptions(exchange: Exchange, allowed: string): Promise<void> {
    const limits = await rufh?.limitsOf(exchange)
    exchange.reply(optionsAnswer({ ...discovery, ...limits }, allowed))
  }
}

/** `X-Resume` names the ways by which this server lets an interrupted upload go on. */
function discoveryOf({ rufh, tus, range }: Routes): OutgoingHttpHeaders {
  const spoken = [rufh && 'rufh', tus && 'tus', range && 'content-range'].filter(
    (name) => name !== undefined,
  )
  const resume = spoken.length === 0 ? {} : { [HEADER.resume]: spoken.join(', ') }
  return { ...resume, ...rufh?.discovery, ...tus?.discovery }
}

/** A POST that is no creation of a resumable upload means nothing on a slot path. */
async function postOf({ rufh, tus }: Routes, exchange: Exchange): Promise<void> {
  const { headers } = exchange
  if (tus !== undefined && headers[HEADER.tusResumable] !== undefined) {
    return await tus.create(exchange)
  }
  if (rufh !== undefined && startsUpload(headers)) return await rufh.create(exchange)
  throw notAllowed()
}

function faceOf({ rufh, tus }: Routes, { headers }: Exchange): ResumableFace | undefined {
  return headers[HEADER.tusResumable] === undefined ? rufh : (tus ?? rufh)
}

function startsUpload(headers: Exchange['headers']): boolean {
  return (
    headers[HEADER.uploadComplete] !== undefined || headers[HEADER.uploadIncomplete] !== undefined
  )
}

function notAllowed(): Refusal {
  return new Refusal('method-not-allowed', { allow: SLOT_METHODS })
}
