import { ConfigError } from '../config/problem.ts'
import { nearest } from '../config/nearest.ts'
import { OperatorError } from '../core/operator-error.ts'
import { UsageError, type Command } from './command.ts'
import { auditCommand } from './commands/audit.ts'
import { backupCommand } from './commands/backup.ts'
import { checkCommand } from './commands/check.ts'
import { doctorCommand } from './commands/doctor.ts'
import { filesCommand } from './commands/files.ts'
import { gcCommand } from './commands/gc.ts'
import { getCommand } from './commands/get.ts'
import { initCommand } from './commands/init.ts'
import { keysCommand } from './commands/keys.ts'
import { putCommand } from './commands/put.ts'
import { sendCommand } from './commands/send.ts'
import { serveCommand } from './commands/serve.ts'
import { signCommand } from './commands/sign.ts'
import { threatsCommand } from './commands/threats.ts'
import { versionCommand } from './commands/version.ts'
import type { Io } from './io.ts'
import { paint } from './paint.ts'
import { processIo } from './process-io.ts'
import { isRefusalOfTheSystem } from './system-refusal.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  serveCommand,
  initCommand,
  checkCommand,
  signCommand,
  sendCommand,
  putCommand,
  getCommand,
  doctorCommand,
  filesCommand,
  gcCommand,
  backupCommand,
  auditCommand,
  keysCommand,
  threatsCommand,
  versionCommand,
]

/**
 * Runs the program with the arguments after its name.
 * Resolves to the exit code: 0 ok, 1 refused or failed, 2 the command line makes no sense, 130 a transfer was stopped.
 * A process whose reader leaves ends with 141 by itself.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === 'help') {
    ;(name === undefined ? io.stderr : io.stdout).write(programHelp())
    return name === undefined ? 2 : 0
  }
  const found = COMMANDS.find(
    (command) => command.name === (name === '--version' ? 'version' : name),
  )
  if (found === undefined) return usage(unknownCommand(name), io)
  try {
    return await found.run(rest, io)
  } catch (error) {
    return failed(error, { found, io })
  }
}

/** Runs the program as this process. */
export async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), processIo())
}

function failed(error: unknown, { found, io }: { found: Command; io: Io }): number {
  if (error instanceof UsageError) {
    return usage(`${error.message}\nSee: hmac-file-server ${found.name} --help`, io)
  }
  if (error instanceof ConfigError) {
    const count = error.problems.length
    const heading =
      count === 1 ? 'The configuration has a problem' : `The configuration has ${count} problems`
    io.stderr.write(`${paint(heading, 'bad', io)}:\n${error.message}\n`)
    return 1
  }
  if (!(error instanceof OperatorError) && !isRefusalOfTheSystem(error)) throw error
  io.stderr.write(`${paint('error', 'bad', io)}: ${error.message}\n`)
  return 1
}

function usage(message: string, io: Io): number {
  io.stderr.write(`${paint('error', 'bad', io)}: ${message}\n`)
  return 2
}

function unknownCommand(name: string): string {
  const near = nearest(
    name,
    COMMANDS.map((command) => command.name),
  )
  const hint = near === undefined ? 'See: hmac-file-server --help' : `Did you mean "${near}"?`
  return `There is no command "${name}". ${hint}`
}

function programHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 2
  return [
    'XMPP file sharing storage server (XEP-0363).\n',
    'Usage: hmac-file-server <command> [flags]\n',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '\nEvery command has --help. Exit codes: 0 ok, 1 refused or failed, 2 wrong usage.\n',
  ].join('\n')
}
