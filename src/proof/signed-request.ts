/** What a proof covers of a request, and where the request comes from. */
export interface SignedRequest {
  /** After `X-HTTP-Method-Override`, upper case. */
  readonly method: string
  /** As `signedTarget` makes it. */
  readonly target: string
  /** Value of `Upload-Offset`, else of `Content-Range`. */
  readonly offset: string | undefined
  /** Value of `Content-Digest`, else of `Upload-Checksum`. */
  readonly digest: string | undefined
  /** Prefix of the client's network. */
  readonly network: string
  /** The client's address itself. */
  readonly address: string
  /** Value of `Authorization`. */
  readonly authorization: string | undefined
  /** The MAC of a slot whose grant stands in the query, lower case. */
  readonly queryMac: string | undefined
}

/** What a request shows to prove itself; nothing for a field that it does not have. */
export interface ShownProof {
  /** `X-Session-ID` */
  readonly sessionId: string | undefined
  /** `X-Challenge-Response` */
  readonly answer: string | undefined
  /** `DPoP` */
  readonly dpop: string | undefined
}
