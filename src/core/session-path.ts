/** What a client asks about its own session, public prefix removed. */
const SESSION_PATH = '-/session'

/** Where it gets fresh grants for the uploads of its session. */
export const REFRESH_PATH = '-/session/refresh'

export function isSessionPath(rawPath: string): boolean {
  return rawPath === SESSION_PATH || rawPath === REFRESH_PATH
}
