import { NODE_OPTIONS } from '../node-options.ts'

/** Absolute paths that the unit names. */
export interface Installation {
  /** The Node.js binary. */
  readonly node: string
  /** `bin/hmac-file-server.js` */
  readonly program: string
  readonly configFile: string
  readonly dataFolder: string
}

/** The folder that systemd makes and gives to the service. */
export const SERVICE_DATA_FOLDER = '/var/lib/hmac-file-server'

/** A unit that can read its program and configuration and write its data, and nothing else. */
export function systemdUnit({ node, program, configFile, dataFolder }: Installation): string {
  const own = dataFolder === SERVICE_DATA_FOLDER
  const prepare = own ? '' : `#   install -d -m 0750 -o hmac-file-server ${dataFolder}\n`
  const writable = own ? '' : `ReadWritePaths=${quoted(dataFolder)}\n`
  return `# Before the first start, as root:
#   useradd --system --home-dir ${SERVICE_DATA_FOLDER} hmac-file-server
#   chown hmac-file-server ${configFile} and the secret beside it
${prepare}[Unit]
Description=XMPP file sharing storage server
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${quoted(node)} ${NODE_OPTIONS.join(' ')} ${quoted(program)} serve --config ${quoted(configFile)}
User=hmac-file-server
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=1s
# Longer than server.shutdown_grace.
TimeoutStopSec=45s
LimitNOFILE=65536
StateDirectory=hmac-file-server
StateDirectoryMode=0750
WorkingDirectory=${SERVICE_DATA_FOLDER}
${writable}UMask=0027
CapabilityBoundingSet=
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=read-only
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}

/** systemd expands `%` and `$`, and splits at spaces. */
function quoted(text: string): string {
  const safe = text.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /[\s"'\\]/u.test(safe) ? `"${safe.replace(/["\\]/gu, '\\$&')}"` : safe
}
