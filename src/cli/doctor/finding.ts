/** What is to be changed, and where. */
export interface Remedy {
  /** The program and its file, or the place in it: `nginx, inside location /upload/`. */
  readonly where: string
  /** The lines to paste there, or what else is to be done. */
  readonly lines: readonly string[]
}

/** What a check says. */
export interface Finding {
  /** `note`: nobody needs to do anything; `warning`: it works, but not as well as it could. */
  readonly kind: 'ok' | 'note' | 'warning' | 'failed' | 'skipped'
  /** One sentence. */
  readonly text: string
  /** What helps; where there are several, any of them may be the one. */
  readonly remedies: readonly Remedy[]
}

export function ok(text: string): Finding {
  return { kind: 'ok', text, remedies: [] }
}

/** Something to know that nobody has to act upon. */
export function note(text: string, ...remedies: readonly Remedy[]): Finding {
  return { kind: 'note', text, remedies }
}

/** Could not be tried; `text` says why. */
export function skipped(text: string): Finding {
  return { kind: 'skipped', text, remedies: [] }
}

/** What needs an account is skipped so. */
export const NO_ACCOUNT = skipped('no account: --jid ME --password-file FILE')

export function warning(text: string, ...remedies: readonly Remedy[]): Finding {
  return { kind: 'warning', text, remedies }
}

export function failed(text: string, ...remedies: readonly Remedy[]): Finding {
  return { kind: 'failed', text, remedies }
}
