/** How digests are made. */
export type DigestAlgorithm = 'sha256' | 'sha512'

/** Digests in base64. */
export type Digests = Readonly<Partial<Record<DigestAlgorithm, string>>>

/** What a request says of the digests of its bytes, and asks of them. */
export interface DeliveryDigests {
  /** Of the body: if they are wrong, nothing of it is kept. */
  readonly content?: Digests
  /** Of the whole file: if they are wrong, it is not published. */
  readonly whole?: Digests
  /** The one of the whole file that is to be told. */
  readonly wanted?: DigestAlgorithm
}
