import { execFile } from 'node:child_process'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'

export interface Certificate {
  readonly keyFile: string
  readonly certFile: string
}

export interface ThrowawayCa {
  /** What a client has to trust (PEM). */
  readonly caFile: string
  /**
   * A server certificate for the names and addresses, readable by every account. It is valid for so
   * many days from now, two unless told; a negative number makes one that has expired.
   */
  readonly issue: (subjects: readonly string[], days?: number) => Promise<Certificate>
}

/** A certificate authority that lives in `folder` and is trusted by nobody who is not told to. */
export async function throwawayCa(folder: string): Promise<ThrowawayCa> {
  await openssl(folder, `req -x509 ${NEW_KEY} -days 2 -subj /CN=interop -keyout ca.key -out ca.crt`)
  return {
    caFile: join(folder, 'ca.crt'),
    issue: async (subjects, days = 2) => await issue({ folder, days }, subjects),
  }
}

async function issue(
  { folder, days }: { readonly folder: string; readonly days: number },
  subjects: readonly string[],
): Promise<Certificate> {
  const name = subjects[0] ?? 'server'
  const names = subjects.map((subject) => `${/^[\d.]+$/.test(subject) ? 'IP' : 'DNS'}:${subject}`)
  await writeFile(join(folder, `${name}.ext`), `subjectAltName=${names.join(',')}\n`)
  await openssl(folder, `req ${NEW_KEY} -subj /CN=${name} -keyout ${name}.key -out ${name}.csr`)
  await openssl(
    folder,
    `x509 -req -days ${days} -in ${name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile ${name}.ext -out ${name}.crt`,
  )
  const keyFile = join(folder, `${name}.key`)
  await chmod(keyFile, 0o644)
  return { keyFile, certFile: join(folder, `${name}.crt`) }
}

async function openssl(folder: string, words: string): Promise<void> {
  await run('openssl', words.split(' '), { cwd: folder })
}
