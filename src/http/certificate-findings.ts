import { X509Certificate, createPrivateKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import type { Instant } from '../core/clock.ts'
import { errorCode } from '../core/error-code.ts'
import type { CertificateFiles } from './tls-certificate.ts'

/** Something about the certificate that an operator should know. */
export interface CertificateFinding {
  /** Which of the two files it is about. */
  readonly file: keyof CertificateFiles
  /** No listener starts with it; otherwise clients will not like it. */
  readonly fatal: boolean
  readonly text: string
}

/** What the certificate is for. */
export interface CertificateUse {
  readonly now: Instant
  /** The name that clients ask for; nothing if they don't ask for a secured one. */
  readonly host?: string | undefined
}

const DAY = 86_400_000
/** Renewal tools begin 30 days before the end; with less than half of it left they have failed. */
const SOON = 14 * DAY

/** Reads both files and says what is wrong with them; changes nothing. */
export async function certificateFindings(
  files: CertificateFiles,
  use: CertificateUse,
): Promise<readonly CertificateFinding[]> {
  const [cert, key] = await Promise.all([
    parsed(files.certFile, 'a certificate in PEM', (pem) => new X509Certificate(pem)),
    parsed(files.keyFile, 'a private key in PEM without a passphrase', createPrivateKey),
  ])
  const unreadable = [
    ...(typeof cert === 'string' ? [fatal('certFile', cert)] : []),
    ...(typeof key === 'string' ? [fatal('keyFile', key)] : []),
  ]
  if (typeof cert === 'string') return unreadable
  const found = [...unreadable, ...validityOf(cert, use), ...nameOf(cert, use)]
  if (typeof key === 'string' || cert.checkPrivateKey(key)) return found
  const remedy = `${files.certFile} must begin with the certificate made for this key`
  return [
    ...found,
    fatal('keyFile', `${files.keyFile} is the key of another certificate; ${remedy}`),
  ]
}

function fatal(file: keyof CertificateFiles, text: string): CertificateFinding {
  return { file, fatal: true, text }
}

/** What `parse` makes of a file, or the text that says why it can't. */
async function parsed<T extends object>(
  file: string,
  what: string,
  parse: (pem: Buffer) => T,
): Promise<T | string> {
  let pem: Buffer
  try {
    pem = await readFile(file)
  } catch (error) {
    return `${file} cannot be read: ${codeOf(error)}`
  }
  try {
    return parse(pem)
  } catch {
    return `${file} does not hold ${what}`
  }
}

function codeOf(error: unknown): string {
  const code = errorCode(error) ?? String(error)
  if (code === 'ENOENT') return 'there is no such file'
  return code === 'EACCES' ? 'this user may not' : code
}

function validityOf(cert: X509Certificate, { now }: CertificateUse): CertificateFinding[] {
  const [from, to] = [Date.parse(cert.validFrom), Date.parse(cert.validTo)]
  if (now >= to) return bearable(`the certificate expired on ${dayOf(to)}: clients refuse it`)
  if (now < from) return bearable(`the certificate is not valid before ${dayOf(from)}`)
  if (to - now > SOON) return []
  return bearable(`the certificate expires on ${dayOf(to)}: see whether it is renewed`)
}

function nameOf(cert: X509Certificate, { host }: CertificateUse): CertificateFinding[] {
  if (host === undefined) return []
  const bare = host.replace(/^\[|\]$/gu, '')
  const named = isIP(bare) === 0 ? cert.checkHost(bare) : cert.checkIP(bare)
  if (named !== undefined) return []
  return bearable(
    `the certificate is not for ${bare}, the host of server.public_url: clients refuse it`,
  )
}

function bearable(text: string): CertificateFinding[] {
  return [{ file: 'certFile', fatal: false, text }]
}

function dayOf(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 10)
}
