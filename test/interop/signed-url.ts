import { createHmac } from 'node:crypto'
import { type FileServer, SECRETS } from './file-server.ts'

/** A slot as Prosody's `mod_http_upload_external` v1 signs it: `path SP size`. */
export function signedUrl(
  server: Pick<FileServer, 'publicUrl'>,
  path: string,
  size: number,
): string {
  const mac = createHmac('sha256', SECRETS.v1).update(`${path} ${size}`).digest('hex')
  return `${server.publicUrl}${path}?v=${mac}`
}
