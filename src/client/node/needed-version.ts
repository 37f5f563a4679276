/** Major and minor number. Its SQLite keeps two programs from one upload, and needs no flag. */
const NEEDED = [22, 13] as const

/** Throws if the client does not run on a Node.js of this version, as `process.versions.node` tells it. */
export function expectVersion(found: string): void {
  const [major = 0, minor = 0] = found.split('.').map(Number)
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return
  throw new Error(
    `hmac-file-server/client needs Node.js ${NEEDED.join('.')} or later; this is ${found}. ` +
      'Get it from https://nodejs.org/en/download or with a version manager: nvm install 24',
  )
}
