import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext } from 'node:tls'
import { OperatorError } from '../core/operator-error.ts'
import type { HttpEvents } from './events.ts'

/** Where the certificate chain and its key lie, as PEM. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** A certificate chain and its key, proved to fit each other. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

/** How long the files must be left alone before they are read: renewals write them one by one. */
const SETTLE = 300

/** Reads a certificate. Rejects if a file cannot be read, is no PEM, or the two do not fit. */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(files.certFile), readFile(files.keyFile)])
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (cause) {
    const { certFile, keyFile } = files
    throw new OperatorError(
      `The certificate ${certFile} with the key ${keyFile} cannot be used`,
      cause,
    )
  }
}

/**
 * Watches the folders of the files (renewal tools replace files and links, so the files themselves
 * cannot be watched) and hands every usable change to `use`; an unusable one is only reported, once.
 */
export function watchCertificate(
  files: CertificateFiles,
  needs: {
    readonly current: Certificate
    readonly events: HttpEvents
    use(certificate: Certificate): void
  },
): Disposable {
  let { current } = needs
  let timer: NodeJS.Timeout | undefined
  /** What was told last, until a certificate can be used again. */
  let told: string | undefined
  let reading = Promise.resolve()
  const reload = async (): Promise<void> => {
    try {
      const read = await readCertificate(files)
      told = undefined
      if (read.cert.equals(current.cert) && read.key.equals(current.key)) return
      current = read
      needs.use(read)
      needs.events.certificateReloaded()
    } catch (error) {
      if (told === String(error)) return
      told = String(error)
      needs.events.certificateRefused(error)
    }
  }
  const changed = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      reading = reading.then(reload)
    }, SETTLE).unref()
  }
  const watchers = watchFolders(files, changed, needs.events)
  return {
    [Symbol.dispose]: () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function watchFolders(
  files: CertificateFiles,
  changed: () => void,
  events: HttpEvents,
): FSWatcher[] {
  const folders = new Set([dirname(files.certFile), dirname(files.keyFile)])
  return [...folders].map((folder) =>
    watch(folder, { persistent: false }, changed).on('error', (error) =>
      events.certificateRefused(error),
    ),
  )
}
