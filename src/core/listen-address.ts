/** Where a listener waits for connections. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A socket that a service manager opened and passed on (systemd socket activation). */
  | { readonly kind: 'fd'; readonly fd: number }
