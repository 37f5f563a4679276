import { existsSync } from 'node:fs'
import { basename, relative, resolve } from 'node:path'
import { fileNameOf } from '../../client/file-name.ts'
import { openFileDownload } from '../../client/node/file-download.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { type FlagValues, UsageError, command, type Command, type Flags } from '../command.ts'
import type { Io } from '../io.ts'
import { transferLine } from '../transfer-line.ts'
import { type Ending, type Remedies, reported } from '../transfer-report.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { webUrl } from '../web-url.ts'

const FLAGS = {
  output: { type: 'string', short: 'o', value: 'FILE', help: 'what the file is to be called' },
  force: { type: 'boolean', help: 'replace a file that is there' },
  json: { type: 'boolean', help: 'print one JSON object' },
  ...CA_FLAG,
} as const satisfies Flags

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
    'hidden file there (.part) until it is complete. Prints where the file is.',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const url = urlIn(positionals)
    if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
    const signal = io.stopRequested()
    const fetched = async (): Promise<Ending> => await downloaded(url, flags, { io, signal })
    return await reported(fetched, { io, json: flags.json === true, signal, remedies: REMEDIES })
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
  url: URL,
  { output, force }: FlagValues<typeof FLAGS>,
  { io, signal }: { io: Io; signal: AbortSignal },
): Promise<Ending> {
  const place = output === undefined ? { folder: io.cwd } : resolve(io.cwd, output)
  using line = transferLine(basename(output ?? fileNameOf(null, url.href) ?? url.host), io)
  const options = { signal, replace: force === true, ...line }
  await using opened = await openFileDownload(place, url.href, options)
  if (force !== true && existsSync(opened.path)) {
    throw new OperatorError(
      `${opened.path} exists: name another with -o, or replace it with --force`,
    )
  }
  const path = await opened.save()
  const { size, type, start } = opened.file
  return {
    text: path === opened.path && output !== undefined ? output : relative(io.cwd, path),
    facts: { url: url.href, path, size, type, resumedAt: start },
  }
}
