import { openMaintenance } from '../../app/maintenance.ts'
import { command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import { unlessStopped } from '../stoppable-work.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'

/** Overdue slots shown by a dry run; a real run ends all of them. */
const SHOWN = 100_000

/** Ends what is overdue and removes bytes that nothing refers to. */
export const gcCommand: Command = command({
  name: 'gc',
  summary: 'Removes expired files, abandoned uploads and orphaned bytes.',
  details:
    'A running server does the same in the background. Bytes without a record are left alone for\n' +
    'an hour, so that it is safe beside a running server.',
  flags: {
    ...CONFIG_FLAGS,
    'dry-run': { type: 'boolean', help: 'only say what would be removed' },
    json: { type: 'boolean', help: 'print one JSON object' },
  },
  run: async ({ flags }, io) => {
    await using maintenance = await openMaintenance(await storedConfigurationOf(flags, io))
    const { engine } = maintenance
    const dryRun = flags['dry-run'] === true
    const found = await unlessStopped(
      io,
      'Stopped: not all of it was looked at',
      async (signal) => {
        const overdue = dryRun ? (await engine.overdue(SHOWN)).length : await engine.sweep(signal)
        signal.throwIfAborted()
        return { overdue, orphans: await engine.collect({ dryRun, signal }) }
      },
    )
    if (found === undefined) return 1
    const { overdue, orphans } = found
    const bytes = orphans.reduce((sum, { size }) => sum + size, 0)
    if (flags.json === true) {
      io.stdout.write(`${JSON.stringify({ dryRun, overdue, orphans, bytes })}\n`)
      return 0
    }
    const would = dryRun ? 'would be ' : ''
    for (const { kind, key, size } of orphans) io.stdout.write(`orphan ${kind} ${key} ${size}\n`)
    io.stdout.write(`${overdue} overdue slots ${would}ended\n`)
    io.stdout.write(`${orphans.length} orphans (${bytes} bytes) ${would}removed\n`)
    return 0
  },
})
