import { resolve } from 'node:path'
import { type BackupReport, backUp } from '../../app/backup.ts'
import { type Arguments, UsageError, command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'
import { unlessStopped } from '../stoppable-work.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  json: { type: 'boolean', help: 'print one JSON object' },
} as const

/** Why there is nothing for this command to do. */
const NOT_HERE = {
  memory: 'there is nothing to back up',
  redis: 'first back Redis up (BGSAVE, or a copy of its append-only file), then copy the files',
} as const

/** Copies state and files to a new folder; works beside a running server. */
export const backupCommand: Command = command({
  name: 'backup',
  summary: 'Copies state and files, as they are now, into a new folder.',
  parameters: 'FOLDER',
  details:
    'The server may run meanwhile. FOLDER must not exist. On the file system of the files it takes\n' +
    'hardly any room, as the files are hard links there: copy it to another disk or machine.\n' +
    'To restore: stop the server; put state.db where session_store.path says and files/ where\n' +
    'storage.url says, both empty before and owned by the user of the server; start it.\n' +
    'The configuration and its secrets are not part of it.',
  flags: FLAGS,
  run: async (given, io) => {
    const folder = folderOf(given, io)
    const config = await storedConfigurationOf(given.flags, io)
    const { backend } = config.sessionStore
    if (backend !== 'sqlite') {
      io.stderr.write(`session_store.backend is "${backend}": ${NOT_HERE[backend]}\n`)
      return 1
    }
    const report = await unlessStopped(
      io,
      'Stopped; nothing was kept',
      async (signal) => await backUp(config, { folder, signal }),
    )
    if (report === undefined) return 1
    io.stdout.write(given.flags.json === true ? `${jsonText(report)}\n` : shown(report))
    return 0
  },
})

function folderOf({ positionals }: Arguments<typeof FLAGS>, { cwd }: Io): string {
  const [folder, ...more] = positionals
  if (folder === undefined || more.length > 0) throw new UsageError('Name one folder')
  return resolve(cwd, folder)
}

function shown({ files, bytes, linked, deletedMeanwhile }: BackupReport): string {
  const gone = deletedMeanwhile === 0 ? '' : `${deletedMeanwhile} were deleted meanwhile\n`
  return `${files} files (${bytes} bytes), ${linked} of them as hard links\n${gone}`
}
