import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'

/** A request as Node.js hands it over: HTTP/1.1, or HTTP/2 through the compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** The response that belongs to a {@link NodeRequest}. */
export type NodeResponse = ServerResponse | Http2ServerResponse
