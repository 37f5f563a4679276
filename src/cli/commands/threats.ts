import { type Maintenance, openMaintenance } from '../../app/maintenance.ts'
import { type Arguments, UsageError, command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { printable } from '../printable-text.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'
import { type Subcommands, subcommandOf } from '../subcommands.ts'

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

const JOBS: Subcommands<(job: Job) => Promise<number>> = new Map([
  ['list', list],
  ['lift', lift],
])

/** Shows what was found of clients and ends it; works without, and beside, a running server. */
export const threatsCommand: Command = command({
  name: 'threats',
  summary: 'Lists and lifts what was found of clients, and what becomes of it.',
  parameters: 'list | lift SUBJECT…',
  details:
    'SUBJECT is what list prints: session:…, network:… or user:…, a user by the JID or its SHA-1.\n' +
    'Before the pattern stands what becomes of it by this configuration. A running server follows within\n' +
    'two seconds. What a server only watches for, and what one with session_store.backend = "memory" has\n' +
    'found, stands in no state; of uploads-deleted-for-abuse, which a command finds, all is listed.\n' +
    '"watch" or "off" in [threats] and a reload (SIGHUP) end what holds in the memory of a server.',
  flags: FLAGS,
  run: async (given, io) => {
    const [name, ...subjects] = given.positionals
    const job = subcommandOf(JOBS, given.positionals)
    if (name === 'lift' && subjects.length === 0) throw new UsageError('Name at least one subject')
    if (name === 'list' && subjects.length > 0) throw new UsageError('"list" takes no arguments')
    const config = await storedConfigurationOf(given.flags, io)
    await using maintenance = await openMaintenance(config)
    return await job({ threats: maintenance.threats, given, io })
  },
})

async function list({ threats, given, io }: Job): Promise<number> {
  for (const { pattern, effect, subject, until } of await threats.list()) {
    const end = new Date(until).toISOString()
    const line =
      given.flags.json === true
        ? jsonText({ pattern, effect, subject, until: end })
        : `until ${end}  ${effect.padEnd(6)}  ${pattern.padEnd(25)}  ${printable(subject)}`
    io.stdout.write(`${line}\n`)
  }
  return 0
}

async function lift({ threats, given, io }: Job): Promise<number> {
  const [, ...subjects] = given.positionals
  let code = 0
  for (const subject of subjects) {
    const lifted = await threats.lift(subject)
    for (const { pattern, subject: found } of lifted) {
      io.stdout.write(`Lifted ${pattern} of ${printable(found)}\n`)
    }
    if (lifted.length > 0) continue
    io.stderr.write(`Nothing is found of ${printable(subject)}\n`)
    code = 1
  }
  return code
}
