import { type Finding, preflight } from '../../app/preflight.ts'
import { advice } from '../../config/advice.ts'
import type { LoadedConfig } from '../../config/load-config.ts'
import { OPTION_ENTRIES } from '../../config/options.ts'
import { ConfigError } from '../../config/problem.ts'
import { redact, shownValue } from '../../config/redact.ts'
import { command, type Command } from '../command.ts'
import { CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from '../configuration.ts'
import { placeFacts, placeSentence, type PlaceFacts } from '../data-places.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { freshSecret, readOwnSecret } from '../own-secret.ts'
import { paint } from '../paint.ts'

/** Validates a configuration and shows what it comes to. */
export const checkCommand: Command = command({
  name: 'check',
  summary: 'Validates a configuration, explains every problem, prints what is in effect.',
  details:
    'Secrets are not printed. Nothing is created, and a running server is not disturbed. The TLS\n' +
    'files are read, the addresses tried, and a configured Redis is asked for its settings.\n' +
    'Exit code 1 if the server would not start.',
  flags: { ...CONFIG_FLAGS, json: { type: 'boolean', help: 'print one JSON object' } },
  run: async ({ flags }, io) => {
    const report = flags.json === true ? reportJson : reportText
    try {
      const own = usesOwnSecret(flags, io) ? await ownSecretOrFresh(io) : undefined
      const loaded = configurationOf(flags, io, own)
      return report(await findingsOf(loaded), io)
    } catch (error) {
      if (!(error instanceof ConfigError) || flags.json !== true) throw error
      io.stdout.write(`${jsonText({ ok: false, problems: error.problems }, 2)}\n`)
      return 1
    }
  },
})

interface Findings {
  readonly loaded: LoadedConfig
  readonly places: readonly PlaceFacts[]
  /** What the machine says. */
  readonly found: readonly Finding[]
  readonly warnings: readonly string[]
}

async function findingsOf(loaded: LoadedConfig): Promise<Findings> {
  const { config, warnings } = loaded
  return {
    loaded,
    places: await placeFacts(config),
    found: await preflight(config),
    warnings: [...warnings, ...advice(config)],
  }
}

/** `serve` would make a secret; a check writes nothing, so any secret stands in. */
async function ownSecretOrFresh(io: Io): Promise<string> {
  return (await readOwnSecret(dataFolderOf(io))) ?? freshSecret()
}

const TONES = { error: 'bad', warning: 'warning', note: 'heading' } as const

function reportText(findings: Findings, io: Io): number {
  const { loaded, places, found, warnings } = findings
  const { config, sources } = loaded
  io.stdout.write(`${redact(config, sources)}\n`)
  for (const place of places) {
    const mark = place.usable ? paint('ok', 'good', io) : paint('error', 'bad', io)
    io.stdout.write(`${mark}: ${placeSentence(place)}\n`)
  }
  for (const { kind, option, text } of found) {
    io.stdout.write(`${paint(kind, TONES[kind], io)}: ${option}: ${text}\n`)
  }
  for (const warning of warnings) {
    io.stdout.write(`${paint('warning', 'warning', io)}: ${warning}\n`)
  }
  io.stdout.write(`${verdictOn(findings)}\n`)
  return wouldStart(findings) ? 0 : 1
}

function verdictOn(findings: Findings): string {
  if (findings.places.some(({ usable }) => !usable)) return 'The server could not write its data.'
  return wouldStart(findings) ? 'The configuration is valid.' : 'The server could not start.'
}

function wouldStart({ places, found }: Findings): boolean {
  return places.every(({ usable }) => usable) && found.every(({ kind }) => kind !== 'error')
}

function reportJson(findings: Findings, io: Io): number {
  const { loaded, places, found, warnings } = findings
  const { config, sources } = loaded
  const ok = wouldStart(findings)
  const options = OPTION_ENTRIES.map((entry) => [
    entry.name,
    { value: shownValue(config, entry), source: sources.get(entry.name)?.place },
  ])
  const sentences = (kind: Finding['kind']): readonly string[] =>
    found.filter((one) => one.kind === kind).map(({ option, text }) => `${option}: ${text}`)
  const report = {
    ok,
    problems: found
      .filter(({ kind }) => kind === 'error')
      .map(({ option, text: why }) => ({ option, why })),
    warnings: [...warnings, ...sentences('warning')],
    notes: sentences('note'),
    places,
    options: Object.fromEntries(options),
  }
  io.stdout.write(`${jsonText(report, 2)}\n`)
  return ok ? 0 : 1
}
