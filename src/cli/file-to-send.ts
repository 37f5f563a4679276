import { constants, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import type { Io } from './io.ts'
import { printable } from './printable-text.ts'
import { TransferFailure } from './transfer-failure.ts'

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  ENOTDIR: 'is not there',
  EACCES: 'may not be read: its rights, or those of a folder above it, do not allow it',
  EPERM: 'may not be read: its rights, or those of a folder above it, do not allow it',
  EISDIR: 'is a folder: pack it into one file first',
}

/**
 * Resolves to the absolute path of a file that can be sent.
 * @throws {TransferFailure} `file-unusable` if there is none at the path, or it may not be read
 */
export async function fileToSend(file: string, { cwd }: Pick<Io, 'cwd'>): Promise<string> {
  const path = resolve(cwd, file)
  try {
    // Without waiting for whoever writes to a pipe.
    await using opened = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const found = await opened.stat()
    if (found.isDirectory()) throw unusable(path, 'EISDIR')
    if (!found.isFile()) throw unusable(path)
    return path
  } catch (reason) {
    throw reason instanceof TransferFailure ? reason : unusable(path, errorCode(reason))
  }
}

function unusable(path: string, system?: string): TransferFailure {
  const why = system === undefined ? 'is no file' : (WHY[system] ?? `cannot be read (${system})`)
  return new TransferFailure('file-unusable', `${printable(path)} ${why}`, { path, system })
}
