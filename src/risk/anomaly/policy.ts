/** What the operator decided about anomalies. */
export interface AnomalyPolicy {
  /** Without it nothing is learnt, and nothing unusual. */
  readonly enabled: boolean
  /** Milliseconds in which what was learnt loses half of its weight. */
  readonly halfLife: number
  /** Requests of an owner before a network or a client can be new to it. */
  readonly warmUp: number
  /** Milliseconds without a request after which an owner is forgotten; 0: only when there is no room. */
  readonly retention: number
}
