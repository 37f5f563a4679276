import { type Maintenance, openMaintenance } from '../../app/maintenance.ts'
import { type Arguments, UsageError, command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  json: { type: 'boolean', help: 'list: print one JSON object per finding' },
} as const

/** What a subcommand works with. */
interface Job {
  readonly threats: Maintenance['threats']
  readonly given: Arguments<typeof FLAGS>
  readonly io: Io
}

const JOBS: ReadonlyMap<string, (job: Job) => Promise<number>> = new Map([
  ['list', list],
  ['lift', lift],
])

/** Shows what was found of clients and ends it; works without, and beside, a running server. */
export const threatsCommand: Command = command({
  name: 'threats',
  summary: 'Lists and lifts what was found of clients: bans and levels.',
  parameters: 'list | lift SUBJECT…',
  details:
    'SUBJECT is what list prints: session:…, network:… or user:…. A running server follows within two\n' +
    'seconds. What is only watched for, and what a server with session_store.backend = "memory" has\n' +
    'found, stands in no state: "watch" or "off" in [threats] and a reload (SIGHUP) ends that.',
  flags: FLAGS,
  run: async (given, io) => {
    const [name = '', ...subjects] = given.positionals
    const job = JOBS.get(name)
    if (job === undefined) throw new UsageError('Say "list" or "lift"')
    if (name === 'lift' && subjects.length === 0) throw new UsageError('Name at least one subject')
    if (name === 'list' && subjects.length > 0) throw new UsageError('"list" takes no arguments')
    const config = await storedConfigurationOf(given.flags, io)
    await using maintenance = await openMaintenance(config)
    return await job({ threats: maintenance.threats, given, io })
  },
})

async function list({ threats, given, io }: Job): Promise<number> {
  for (const { pattern, subject, until } of await threats.list()) {
    const end = new Date(until).toISOString()
    const line =
      given.flags.json === true
        ? jsonText({ pattern, subject, until: end })
        : `until ${end}  ${pattern.padEnd(25)}  ${subject}`
    io.stdout.write(`${line}\n`)
  }
  return 0
}

async function lift({ threats, given, io }: Job): Promise<number> {
  const [, ...subjects] = given.positionals
  let code = 0
  for (const subject of subjects) {
    const lifted = await threats.lift(subject)
    for (const { pattern } of lifted) io.stdout.write(`Lifted ${pattern} of ${subject}\n`)
    if (lifted.length > 0) continue
    io.stderr.write(`Nothing is found of ${subject}\n`)
    code = 1
  }
  return code
}
