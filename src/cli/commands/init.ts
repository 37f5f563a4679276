import { rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../config/load-config.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { errorCode } from '../../core/error-code.ts'
import { command, type Command, type FlagValues, type Flags } from '../command.ts'
import { configTemplate } from '../config-template.ts'
import type { Io } from '../io.ts'
import { freshSecret, writeSecretFile } from '../own-secret.ts'
import { paint } from '../paint.ts'
import {
  filesSnippets,
  proxySnippets,
  siteOf,
  snippetText,
  xmppSnippets,
} from '../snippets/site-snippets.ts'
import { SERVICE_DATA_FOLDER, systemdUnit } from '../snippets/systemd.ts'

const FLAGS = {
  output: { type: 'string', value: 'FILE', help: 'where to write (./hmac-file-server.toml)' },
  'public-url': { type: 'string', value: 'URL', help: 'the https URL that clients will see' },
  data: { type: 'string', value: 'FOLDER', help: 'where to keep the data (data beside FILE)' },
  force: { type: 'boolean', help: 'replace the file and its secret if they exist' },
  systemd: { type: 'boolean', help: 'only print a systemd unit for FILE' },
} as const satisfies Flags

type InitFlags = FlagValues<typeof FLAGS>

/** Writes a configuration to start from and tells the other programs' side of it. */
export const initCommand: Command = command({
  name: 'init',
  summary: 'Writes a commented configuration with a fresh secret, and prints matching snippets.',
  details:
    'The snippets are for Prosody, ejabberd, nginx, Caddy and HAProxy; they contain the secret.\n' +
    'Without --public-url an example is filled in, to be replaced.',
  flags: FLAGS,
  run: async ({ flags }, io) => {
    const configFile = resolve(io.cwd, flags.output ?? 'hmac-file-server.toml')
    if (flags.systemd === true) {
      io.stdout.write(unitFor(configFile, flags, io))
      return 0
    }
    return await writeConfiguration(configFile, flags, io)
  },
})

function unitFor(configFile: string, { data }: InitFlags, io: Io): string {
  return systemdUnit({
    node: process.execPath,
    program: fileURLToPath(new URL('../../../bin/hmac-file-server.js', import.meta.url)),
    configFile,
    dataFolder: data === undefined ? SERVICE_DATA_FOLDER : resolve(io.cwd, data),
  })
}

async function writeConfiguration(configFile: string, flags: InitFlags, io: Io): Promise<number> {
  const secretFile = join(dirname(configFile), 'secret')
  const secret = freshSecret()
  const settings = settingsOf(flags, io)
  // Before anything is written: a bad URL is said here, as the configuration would say it.
  const { config } = loadConfig({
    env: {},
    flags: [],
    cwd: dirname(configFile),
    preset: {
      ...settings,
      'grants.v1_secret': secret,
      'grants.v2_secret': secret,
      'grants.jwt_secret': secret,
    },
  })
  if (flags.force === true)
    for (const file of [configFile, secretFile]) await rm(file, { force: true })
  await using undo = new AsyncDisposableStack()
  for (const [file, text] of [
    [secretFile, secret],
    [configFile, configTemplate(settings)],
  ] as const) {
    await write(file, text)
    undo.defer(async () => await rm(file))
  }
  undo.move()
  const site = siteOf(config, secret)
  const snippets = [...xmppSnippets(site), ...proxySnippets(site), ...filesSnippets(config)]
  io.stdout.write(
    [
      `${paint('written', 'good', io)}: ${configFile}`,
      `${paint('written', 'good', io)}: ${secretFile}\n`,
      ...snippets.map((snippet) => snippetText(snippet)),
      'Phones and several desktop clients refuse http: use one of the proxies, or tls_cert and tls_key.',
      `Next: hmac-file-server check --config ${configFile}`,
      `A systemd unit: hmac-file-server init --systemd --output ${configFile} --data ${dirname(config.storage.url.folder)}\n`,
    ].join('\n'),
  )
  return 0
}

function settingsOf({ data, 'public-url': publicUrl }: InitFlags, io: Io): Record<string, unknown> {
  const secret = 'file:./secret'
  const folder = data === undefined ? './data' : resolve(io.cwd, data)
  return {
    'server.public_url': publicUrl ?? 'https://upload.example.org/',
    'grants.v1_secret': secret,
    'grants.v2_secret': secret,
    'grants.jwt_secret': secret,
    'storage.url': `file:${folder}/files`,
    'session_store.path': `${folder}/state.db`,
    'security.master_key': `${folder}/master.key`,
    'audit.file': `${folder}/audit.jsonl`,
  }
}

async function write(file: string, text: string): Promise<void> {
  try {
    await writeSecretFile(file, text)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EEXIST') {
      throw new OperatorError(`${file} exists; --force replaces the file and its secret`)
    }
    if (code !== 'ENOENT') throw error
    throw new OperatorError(
      `There is no folder ${dirname(file)}: create it, or name another with --output`,
    )
  }
}
