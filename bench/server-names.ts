/** The server that all others are compared to. */
export const BASE = 'nginx'

/** The server that the demands of this release are about. */
export const OURS = 'hmac-file-server'

/** The same behind nginx, which sends large files itself on its word. */
export const ACCELERATED = 'hmac-file-server-accel'

/** The least that a program of Node.js does; no peer, since nobody could put it to use. */
export const FLOOR = 'bare-node'
