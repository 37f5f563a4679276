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

/** The handlers of one listener; what is not there is not spoken. */
export interface Routes {
  readonly put: Handler
  readonly remove: Handler
  readonly download: Handler
  readonly health: Handler
  /** What a client asks of its own session. */
  readonly session?: Handler
  /** The IETF's resumable uploads: PUT or POST with `Upload-Complete` or `Upload-Incomplete`. */
  readonly rufh?: ResumableFace
  /** tus 1.0: POST with `Tus-Resumable`. */
  readonly tus?: ResumableFace
  /** PUT with `Content-Range`. */
  readonly range?: Handler
}

const HEALTH = '-/health/'

/** Of a slot path; POST only starts resumable uploads. */
const SLOT_METHODS = 'GET, HEAD, OPTIONS, PUT, DELETE'

/** Of a client's own session, and of its refresh. */
const SESSION_METHODS = 'GET, DELETE, POST, OPTIONS'

/** Slot paths share one space with paths of our own below `-/`; method and fields tell the rest. */
export function router(routes: Routes): Handler {
  const { put, remove, download, health, session, rufh, tus, range } = routes
  const discovery = discoveryOf(routes)
  const methods = rufh === undefined && tus === undefined ? SLOT_METHODS : `${SLOT_METHODS}, POST`
  return async (exchange): Promise<void> => {
    const { rawPath } = exchange.target
    if (rawPath.startsWith('-/')) {
      if (rawPath.startsWith(HEALTH)) return await health(exchange)
      if (session !== undefined && isSessionPath(rawPath)) return await onSession(exchange, session)
      const face = isUploadPath(rawPath) ? faceOf(routes, exchange) : undefined
      if (face !== undefined) return await onResource(exchange, face)
    }
    switch (exchange.method) {
      case 'GET':
      case 'HEAD':
        return await download(exchange)
      case 'OPTIONS':
        return exchange.reply(optionsAnswer(discovery, methods))
      case 'PUT':
        return await putOf(exchange)
      case 'POST':
        return await postOf(routes, exchange)
      case 'DELETE':
        return await remove(exchange)
      default:
        throw notAllowed()
    }
  }

  function putOf(exchange: Exchange): Promise<void> {
    const { headers } = exchange
    if (rufh !== undefined && startsUpload(headers)) return rufh.create(exchange)
    if (range !== undefined && headers[HEADER.contentRange] !== undefined) return range(exchange)
    return put(exchange)
  }

  async function onSession(exchange: Exchange, handler: Handler): Promise<void> {
    if (exchange.method === 'OPTIONS') return exchange.reply(optionsAnswer({}, SESSION_METHODS))
    await handler(exchange)
  }

  async function onResource(exchange: Exchange, face: ResumableFace): Promise<void> {
    if (exchange.method !== 'OPTIONS') return await face.resource(exchange)
    exchange.reply(optionsAnswer(discovery, face.methods))
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
