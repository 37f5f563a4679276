import { redisShortcomings } from '../../app/redis-records.ts'
import { advice } from '../../config/advice.ts'
import type { LoadedConfig } from '../../config/load-config.ts'
import { OPTION_ENTRIES } from '../../config/options.ts'
import { ConfigError } from '../../config/problem.ts'
import { redact, shownValue } from '../../config/redact.ts'
import { command, type Command } from '../command.ts'
import { CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from '../configuration.ts'
import { placeFacts, placeSentence, type PlaceFacts } from '../data-places.ts'
import type { Io } from '../io.ts'
import { freshSecret, readOwnSecret } from '../own-secret.ts'
import { paint } from '../paint.ts'

/** Validates a configuration and shows what it comes to. */
export const checkCommand: Command = command({
  name: 'check',
  summary: 'Validates a configuration, explains every problem, prints what is in effect.',
  details:
    'Secrets are not printed. Nothing is created. A configured Redis is asked for its settings.\n' +
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
      io.stdout.write(`${JSON.stringify({ ok: false, problems: error.problems }, null, 2)}\n`)
      return 1
    }
  },
})

interface Findings {
  readonly loaded: LoadedConfig
  readonly places: readonly PlaceFacts[]
  /** What keeps the server from using its state. */
  readonly stateProblems: readonly string[]
  readonly warnings: readonly string[]
}

async function findingsOf(loaded: LoadedConfig): Promise<Findings> {
  const { config, warnings } = loaded
  const [fatal, bearable] = splitByFatality(await redisShortcomings(config))
  return {
    loaded,
    places: await placeFacts(config),
    stateProblems: fatal,
    warnings: [...warnings, ...advice(config), ...bearable],
  }
}

function splitByFatality(
  found: readonly { readonly fatal: boolean; readonly text: string }[],
): readonly [fatal: readonly string[], bearable: readonly string[]] {
  const { fatal = [], bearable = [] } = Object.groupBy(found, (one) =>
    one.fatal ? 'fatal' : 'bearable',
  )
  return [fatal.map(({ text }) => text), bearable.map(({ text }) => text)]
}

/** `serve` would make a secret; a check writes nothing, so any secret stands in. */
async function ownSecretOrFresh(io: Io): Promise<string> {
  return (await readOwnSecret(dataFolderOf(io))) ?? freshSecret()
}

function reportText({ loaded, places, stateProblems, warnings }: Findings, io: Io): number {
  const { config, sources } = loaded
  io.stdout.write(`${redact(config, sources)}\n`)
  for (const place of places) {
    const mark = place.usable ? paint('ok', 'good', io) : paint('error', 'bad', io)
    io.stdout.write(`${mark}: ${placeSentence(place)}\n`)
  }
  for (const problem of stateProblems) {
    io.stdout.write(`${paint('error', 'bad', io)}: session_store.redis_url: ${problem}\n`)
  }
  for (const warning of warnings) {
    io.stdout.write(`${paint('warning', 'warning', io)}: ${warning}\n`)
  }
  const writable = places.every(({ usable }) => usable)
  if (!writable) io.stdout.write('The server could not write its data.\n')
  else if (stateProblems.length > 0) io.stdout.write('The server could not use its state.\n')
  else io.stdout.write('The configuration is valid.\n')
  return writable && stateProblems.length === 0 ? 0 : 1
}

function reportJson({ loaded, places, stateProblems, warnings }: Findings, io: Io): number {
  const { config, sources } = loaded
  const ok = places.every(({ usable }) => usable) && stateProblems.length === 0
  const options = OPTION_ENTRIES.map((entry) => [
    entry.name,
    { value: shownValue(config, entry), source: sources.get(entry.name)?.place },
  ])
  const report = {
    ok,
    problems: stateProblems.map((why) => ({ option: 'session_store.redis_url', why })),
    warnings,
    places,
    options: Object.fromEntries(options),
  }
  io.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
  return ok ? 0 : 1
}
