import type { Registry } from 'prom-client'

const MIB = 1024 ** 2

/** One metric: what it counts, and which values its labels can have. */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Label → its values, in words. Every label is bounded. */
  readonly labels?: Readonly<Record<string, string>>
  readonly buckets?: readonly number[]
  /** The processes of a server do not add up: any of them tells the whole. */
  readonly common?: true
}

/** Every metric of the program's own; `docs/metrics.md` is derived from it. */
export const METRICS = {
  hfs_slots_opened_total: {
    type: 'counter',
    help: 'Slots used for the first time.',
    labels: { scheme: 'how the grant was signed' },
  },
  hfs_uploads_total: {
    type: 'counter',
    help: 'Ends of uploads; one that was interrupted may still be published.',
    labels: {
      face: '`plain`, `rufh`, `tus` or `range`',
      outcome: '`published`, `interrupted` or `abandoned`',
    },
  },
  hfs_upload_bytes_total: { type: 'counter', help: 'Bytes of published files.' },
  hfs_upload_duration_seconds: {
    type: 'histogram',
    help: 'Time from the begin of an upload to its publishing.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 43_200],
  },
  hfs_upload_size_bytes: {
    type: 'histogram',
    help: 'Size of published files.',
    buckets: [MIB / 64, MIB / 16, MIB / 4, MIB, 4 * MIB, 16 * MIB, 64 * MIB, 256 * MIB, 1024 * MIB],
  },
  hfs_takeovers_total: {
    type: 'counter',
    help: "Requests that took an older request's place.",
    labels: {
      face: 'of the upload that was under way: `plain`, `rufh`, `tus` or `range`',
      network:
        '`same` as before, `changed`, or `unknown`: the newer request came to another process that did not say',
    },
  },
  hfs_resumes_total: {
    type: 'counter',
    help: 'Uploads that went on where they had been cut.',
    labels: { face: 'of the upload: `plain`, `rufh`, `tus` or `range`' },
  },
  hfs_resumed_bytes_total: {
    type: 'counter',
    help: 'Bytes that were there when an upload went on, and so were not sent again.',
    labels: { face: 'of the upload: `plain`, `rufh`, `tus` or `range`' },
  },
  hfs_adoptions_total: {
    type: 'counter',
    help: 'Uploads that went on in another slot with what they had got so far.',
  },
  hfs_repeats_total: {
    type: 'counter',
    help: 'Uploads of a slot that was finished already.',
    labels: { outcome: '`same` bytes or `different` ones' },
  },
  hfs_files_removed_total: {
    type: 'counter',
    help: 'Published files that were removed.',
    labels: { why: '`expired` or `requested`; what a command removes is not counted' },
  },
  hfs_recoveries_total: {
    type: 'counter',
    help: 'Slots that accepted a grant once more although it had expired.',
  },
  hfs_expired_grants_total: {
    type: 'counter',
    help: 'Requests refused because their grant had expired.',
    labels: {
      why:
        '`never-used`, `used-later` (after it had expired), `switched-off`, `too-old` or ' +
        '`too-often`: why the slot was not recovered',
    },
  },
  hfs_session_events_total: {
    type: 'counter',
    help: 'What became of the sessions of unfinished uploads.',
    labels: {
      event:
        '`opened` without a key, `expired`, `evicted`, or `no-room` where an upload went on without one, ' +
        'or one with a key was refused',
    },
  },
  hfs_sessions: {
    type: 'gauge',
    common: true,
    help: 'Sessions of unfinished uploads that there are now, on all servers with one state.',
  },
  hfs_network_switches_total: {
    type: 'counter',
    help: 'Requests of a session that came from another network than the one before.',
    labels: {
      from: 'class of the one before: `mobile`, `fixed`, `hosting`, or `unknown`',
      to: 'class of the new one, likewise',
    },
  },
  hfs_security_decisions_total: {
    type: 'counter',
    help: 'Requests that went on with something, by how suspicious they were.',
    labels: {
      level: '`1`, `2` or `3`',
      verdict: '`passed`, `challenged`, `refused`, or `confirmed` by a new grant',
    },
  },
  hfs_security_reasons_total: {
    type: 'counter',
    help: 'What made requests suspicious; one may have several reasons.',
    labels: { reason: 'as in the audit trail' },
  },
  hfs_anomaly_score_bits: {
    type: 'histogram',
    help: 'How unusual requests were of their users, where `anomaly.enabled`.',
    buckets: [1, 2, 4, 6, 8, 10, 11, 12, 13, 14, 15, 16, 18, 20],
  },
  hfs_anomaly_verdicts_total: {
    type: 'counter',
    help: 'Requests that were unusual enough for a level.',
    labels: {
      level: '`2` or `3`, for whatever reason',
      verdict: '`passed`, `challenged`, `refused`, or `confirmed` by a new grant',
    },
  },
  hfs_threats_total: {
    type: 'counter',
    help: 'Patterns of misuse that were found (`[threats]`); what a command finds, every server counts that learns of it.',
    labels: {
      pattern:
        '`grant-on-two-networks`, `session-in-two-countries`, `failing-proofs` or `uploads-deleted-for-abuse`',
    },
  },
  hfs_proof_failures_total: {
    type: 'counter',
    help: 'Requests that named a session, or a key, and did not prove it.',
    labels: { why: 'as in the audit trail' },
  },
  hfs_bound_sessions_total: {
    type: 'counter',
    help: 'Sessions that were bound to a key.',
    labels: { key: '`hmac` or `dpop`; `refused` where the slot was bound already' },
  },
  hfs_bound_session_requests_total: {
    type: 'counter',
    help: 'What clients asked for their own sessions.',
    labels: { event: '`refreshed`: fresh grants; or `ended`' },
  },
  hfs_master_key_changes_total: {
    type: 'counter',
    help: 'Changes of the file of the master keys that the server noticed.',
    labels: {
      change: '`added` or `removed` keys; or `refused`: the file cannot be used, the old keys are',
    },
  },
  hfs_http_requests_total: {
    type: 'counter',
    help: 'Requests that ended.',
    labels: {
      method: '`GET`, `HEAD`, `PUT`, `POST`, `PATCH`, `DELETE`, `OPTIONS` or `other`',
      status: 'of the answer; `none` if the client was gone before it',
    },
  },
  hfs_http_lane_requests_total: {
    type: 'counter',
    help: 'Requests by the way that they took (`http.fast_lane`).',
    labels: {
      lane: '`fast`: past the HTTP parser of Node.js; `ordinary`: through it, HTTP/2 and TLS included',
    },
  },
  hfs_refusals_total: {
    type: 'counter',
    help: 'Requests that were refused.',
    labels: { code: 'of the refusal' },
  },
  hfs_failures_total: {
    type: 'counter',
    help: 'Requests that a fault of the server ended.',
  },
  hfs_certificate_reloads_total: {
    type: 'counter',
    help: 'Changes of the certificate files.',
    labels: { outcome: '`used`, or `refused` because the files cannot be used' },
  },
  hfs_audit_lines_lost_total: {
    type: 'counter',
    help: 'Audit lines that could not be written.',
  },
  hfs_waiting_readers: {
    type: 'gauge',
    help: 'Downloads that wait for an upload to finish.',
  },
  hfs_disk_free_bytes: {
    type: 'gauge',
    common: true,
    help: 'Bytes that the storage can still take; NaN while it does not answer.',
  },
  hfs_build_info: {
    type: 'gauge',
    common: true,
    help: 'Always 1.',
    labels: {
      version: 'of the server',
      node: 'version of Node.js',
      commit: 'of the checkout, or `unknown`',
    },
  },
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS

/** What prom-client wants to know of a metric, whatever its type. */
export function metricHead(
  registry: Registry,
  name: MetricName,
): {
  name: string
  help: string
  labelNames: string[]
  registers: Registry[]
  aggregator: 'sum' | 'first'
} {
  const { help, labels = {}, common }: MetricRow = METRICS[name]
  const aggregator = common === true ? 'first' : 'sum'
  return { name, help, labelNames: Object.keys(labels), registers: [registry], aggregator }
}

/** The text of `docs/metrics.md`. */
export function metricsPage(): string {
  return `# Metrics

\`GET /metrics\` on the admin listener answers in the Prometheus text format 0.0.4. The public
listener never serves it. Beside the metrics below there are those every Node.js program has
(\`process_*\`, \`nodejs_*\`).

| metric | type | labels | meaning |
| --- | --- | --- | --- |
${Object.entries<MetricRow>(METRICS)
  .map(([name, row]) => tableLine(name, row))
  .join('\n')}

Upper bounds of the histograms' buckets:

${Object.entries<MetricRow>(METRICS)
  .flatMap(([name, { buckets }]) =>
    buckets === undefined ? [] : `- \`${name}\`: ${buckets.join(', ')}`,
  )
  .join('\n')}
`
}

function tableLine(name: string, { type, labels = {}, help }: MetricRow): string {
  const described = Object.entries(labels).map(([label, values]) => `\`${label}\`: ${values}`)
  return `| \`${name}\` | ${type} | ${described.join('; ')} | ${help} |`
}
