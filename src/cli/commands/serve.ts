import { advice } from '../../config/advice.ts'
import type { LoadedConfig } from '../../config/load-config.ts'
import { command, type Command, type FlagValues } from '../command.ts'
import { CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from '../configuration.ts'
import type { Io } from '../io.ts'
import { keepOwnSecret, ownSecretFile } from '../own-secret.ts'
import { paint } from '../paint.ts'
import { type Site, YOUR_DOMAIN, hasDomain } from '../snippets/site.ts'
import { siteOf, snippetText, xmppSnippets } from '../snippets/site-snippets.ts'

/** Runs the server until it is asked to stop. */
export const serveCommand: Command = command({
  name: 'serve',
  summary: 'Runs the server.',
  details:
    'Without --config it listens on this machine only, keeps everything in ./data, makes a secret\n' +
    'there, and prints how to connect Prosody and ejabberd to it. SIGHUP reads the configuration again.',
  flags: CONFIG_FLAGS,
  run: async ({ flags }, io) => {
    const { loaded, secret } = await load(flags, io)
    if (secret !== undefined) io.stdout.write(connectionGuide(loaded, secret, io))
    for (const warning of [...loaded.warnings, ...advice(loaded.config)]) {
      io.stderr.write(`${paint('warning', 'warning', io)}: ${warning}\n`)
    }
    // Loaded here, so that the other commands start without the whole server.
    const { serve } = await import('../../app/serve.ts')
    await serve(loaded.config, {
      announce: (line) => io.stdout.write(`${line}\n`),
      signal: io.stopRequested(),
      onReload: io.onReload,
      load: async () => (await load(flags, io)).loaded,
    })
    return 0
  },
})

/** The configuration, and the secret it uses if that is our own. */
async function load(
  flags: FlagValues<typeof CONFIG_FLAGS>,
  io: Io,
): Promise<{ readonly loaded: LoadedConfig; readonly secret: string | undefined }> {
  const secret = usesOwnSecret(flags, io) ? await keepOwnSecret(dataFolderOf(io)) : undefined
  return { loaded: configurationOf(flags, io, secret), secret }
}

/** How to connect an XMPP server to a server that runs without a configuration file. */
export function connectionGuide({ config }: LoadedConfig, secret: string, io: Io): string {
  const file = ownSecretFile(dataFolderOf(io))
  // What is not read by a person ends in a log, where a secret has no place.
  const shown = io.isTerminal ? secret : `(the content of ${file})`
  const site = siteOf(config, shown)
  return [
    `No configuration file: everything is kept in ${dataFolderOf(io)}, the secret in ${file}.`,
    `Connect your XMPP server with one of these${replacing(site)}:\n`,
    ...xmppSnippets(site).map((snippet) => snippetText(snippet)),
    'Phones need an https public_url: hmac-file-server init prints snippets for a proxy.\n',
  ].join('\n')
}

function replacing(site: Site): string {
  if (hasDomain(site)) return ''
  return `, with a domain of yours for ${YOUR_DOMAIN}`
}
