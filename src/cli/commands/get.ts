import { lstatSync, statSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import { fileNameOf } from '../../client/file-name.ts'
import { openFileDownload } from '../../client/node/file-download.ts'
import type { Place } from '../../client/node/file-download-options.ts'
import { PartInUse } from '../../client/node/part-lock.ts'
import { type FlagValues, UsageError, command, type Command, type Flags } from '../command.ts'
import { folderProblem } from '../folder-problem.ts'
import type { Io } from '../io.ts'
import { printable } from '../printable-text.ts'
import { TransferFailure } from '../transfer-failure.ts'
import { type Ending, type Remedies, TELLING_FLAGS, reported } from '../transfer-report.ts'
import { transferTeller } from '../transfer-teller.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { webUrl } from '../web-url.ts'

const FLAGS = {
  output: {
    type: 'string',
    short: 'o',
    value: 'PLACE',
    help: 'what the file is to be called, or the folder it is to be in',
  },
  force: { type: 'boolean', help: 'replace a file that is there' },
  ...TELLING_FLAGS,
  ...CA_FLAG,
} as const satisfies Flags

type GetFlags = FlagValues<typeof FLAGS>

const REMEDIES: Remedies = {
  refused: 'The link is wrong, or the file was removed.',
  'reauthentication-required': 'The link does not give the file to everybody.',
  'untrusted-server': 'An authority of your own is named by --ca FILE; is the clock right?',
  'source-changed': 'The same command begins anew.',
  'bad-answer': 'Try another way to get it, a browser for instance.',
  'out-of-tries': 'The same command goes on from here.',
}

/** Downloads as a client does that knows how to go on. */
export const getCommand: Command = command({
  name: 'get',
  summary: 'Downloads a file; goes on at the byte after a loss, and when it is called again.',
  parameters: 'URL',
  details:
    'The file is called as the server says, in the current folder. What has come of it stands in a\n' +
    'hidden file there (.part) until it is complete. Prints where the file is. Exit codes: 0 it is there,\n' +
    '1 it failed, 2 wrong usage, 130 Ctrl-C: then the same command goes on.',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const url = urlIn(positionals)
    const signal = io.stopRequested()
    const place = placeOf(flags.output, io)
    const path = typeof place === 'string' ? dirname(place) : place.folder
    const folder = { path, remedy: 'name another place with -o' }
    const fetched = async (): Promise<Ending> => {
      if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
      return await downloaded({ url, place }, flags, { io, signal }).catch((reason: unknown) => {
        throw reason instanceof PartInUse ? inUse(reason) : folderProblem(reason, folder)
      })
    }
    return await reported(fetched, { io, telling: flags, signal, remedies: REMEDIES })
  },
})

function urlIn([text, ...rest]: readonly string[]): URL {
  if (text === undefined) throw new UsageError('URL is needed')
  if (rest.length > 0) throw new UsageError('There are more arguments than URL')
  if (/^aesgcm:/iu.test(text)) {
    throw new UsageError(
      'The file behind an aesgcm link is encrypted: open the link in the chat client that received it.\n' +
        'To get the encrypted bytes, write https instead of aesgcm, and leave out what stands behind "#"',
    )
  }
  return webUrl(text)
}

async function downloaded(
  { url, place }: { readonly url: URL; readonly place: Place },
  flags: GetFlags,
  { io, signal }: { io: Io; signal: AbortSignal },
): Promise<Ending> {
  const { output, force } = flags
  const name = fileNameOf(null, url.href) ?? url.host
  using teller = transferTeller(typeof place === 'string' ? basename(place) : name, io, flags)
  const options = { signal, replace: force === true, ...teller }
  await using opened = await openFileDownload(place, url.href, options)
  expectFree(opened.path, flags)
  const path = await opened.save()
  const { size, type, start } = opened.file
  return {
    code: 'downloaded',
    text: path === place && output !== undefined ? output : relative(io.cwd, path),
    facts: { url: url.href, path, size, type, resumedAt: start },
  }
}

/** A folder that is there is no name of a file. */
function placeOf(output: string | undefined, { cwd }: Io): Place {
  const path = resolve(cwd, output ?? '')
  return isFolder(path) ? { folder: path } : path
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // What cannot be looked at cannot be written to either, which is told then.
    return false
  }
}

/** Before anything of the file is fetched. A folder is never replaced. */
function expectFree(path: string, { force }: Pick<GetFlags, 'force'>): void {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || (force === true && !found.isDirectory())) return
  const what = found.isDirectory() ? 'is a folder' : 'exists'
  const remedy = found.isDirectory() ? '' : ', or replace it with --force'
  const message = `${printable(path)} ${what}: name another with -o${remedy}`
  throw new TransferFailure('file-exists', message, { path })
}

function inUse({ holder }: PartInUse): TransferFailure {
  const who = holder === undefined ? 'Another process' : `Process ${holder}`
  const message =
    `${who} is downloading this file to this folder already: wait for it, or stop it and give the ` +
    'same command again, which goes on from there, or get it into another folder by -o FOLDER'
  return new TransferFailure('already-downloading', message, { holder })
}
