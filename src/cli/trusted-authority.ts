import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { OperatorError } from '../core/operator-error.ts'
import type { Flags } from './command.ts'
import type { Io } from './io.ts'

/** The flag by which a command trusts another authority. */
export const CA_FLAG = {
  ca: { type: 'string', value: 'FILE', help: 'also trust this certificate authority (PEM)' },
} as const satisfies Flags

/** Trusts the authority in a file besides those Node.js knows, in every TLS connection made from now on. */
export async function trustAuthority(file: string, { cwd }: Io): Promise<void> {
  const path = resolve(cwd, file)
  const pem = await readFile(path, 'utf8')
  try {
    void new X509Certificate(pem)
  } catch (cause) {
    throw new OperatorError(`${path} holds no certificate in PEM`, cause)
  }
  setDefaultCACertificates([...getCACertificates('default'), pem])
}
