import { resolve } from 'node:path'
import { proveAudit } from '../../app/audit-proof.ts'
import type { AuditFault } from '../../observe/audit-fault.ts'
import type { AuditVerdict } from '../../observe/audit-verify.ts'
import { type Arguments, type Command, UsageError, command } from '../command.ts'
import { CONFIG_FLAGS, configurationOf } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { paint } from '../paint.ts'
import { printable } from '../printable-text.ts'
import { unlessStopped } from '../stoppable-work.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  partial: { type: 'boolean', help: 'old files were removed on purpose, as a log rotation does' },
  json: { type: 'boolean', help: 'print one JSON object per fault, and one of the result' },
} as const

/** Finds out whether the audit trail is as the server wrote it. */
export const auditCommand: Command = command({
  name: 'audit',
  summary: 'Verifies that nobody changed the audit trail.',
  parameters: 'verify [FILE…]',
  details:
    'Every line is sealed together with the one before it; what was edited, removed, inserted or\n' +
    'reordered is named with file and line. The server may run meanwhile. Without FILE the audit file\n' +
    'is read with all that was put aside of it, compressed (.gz) or not. Of single files the last lines may be\n' +
    'missing. Exit code 0 if all is as it was written, 1 if something is wrong or could not be read.',
  flags: FLAGS,
  run: async (given, io) => {
    const files = filesOf(given, io)
    const { json, partial } = given.flags
    const { config } = configurationOf(given.flags, io)
    const tell = json === true ? faultJson : faultText
    const onFault = (fault: AuditFault): unknown => io.stdout.write(tell(fault, io))
    const needs = { files, isPartial: partial === true, onFault }
    const verdict = await unlessStopped(
      io,
      'Stopped: not all of it was read',
      async (signal) => await proveAudit(config, { ...needs, signal }),
    )
    if (verdict === undefined) return 1
    io.stdout.write(json === true ? verdictJson(verdict) : verdictText(verdict, io))
    return verdict.faults === 0 ? 0 : 1
  },
})

function filesOf({ positionals }: Arguments<typeof FLAGS>, { cwd }: Io): readonly string[] {
  const [verb, ...files] = positionals
  if (verb !== 'verify') throw new UsageError('Say what to do: audit verify')
  return files.map((file) => resolve(cwd, file))
}

function faultJson(fault: AuditFault): string {
  return `${jsonText({ fault: fault.kind, ...fault, kind: undefined })}\n`
}

function faultText({ kind, file, line, chain, text }: AuditFault, io: Io): string {
  const place = [file, line].filter((part) => part !== undefined).join(':')
  const of = chain === undefined ? '' : ` (chain ${chain})`
  return `${paint(kind, 'bad', io)}${place && ` ${place}`}: ${printable(text)}${of}\n`
}

function verdictJson({ faults, ...verdict }: AuditVerdict): string {
  return `${jsonText({ ok: faults === 0, faults, ...verdict })}\n`
}

function verdictText(verdict: AuditVerdict, io: Io): string {
  const { files, lines, chains, faults, from, until } = verdict
  const head = faults === 0 ? paint('OK', 'good', io) : paint(counted(faults, 'fault'), 'bad', io)
  const time = from === undefined ? '' : `, ${from} to ${until ?? from}`
  const amount = `${counted(lines, 'line')} in ${counted(files.length, 'file')}, ${counted(chains, 'chain')}`
  return [`${head}: ${amount}${time}`, ...remarksOn(verdict), ''].join('\n')
}

function remarksOn(verdict: AuditVerdict): string[] {
  const { open, torn, lost, retired, absent } = verdict
  const remarks: readonly (readonly [number, string, string])[] = [
    [open, 'chain', 'not closed: the process runs, or was killed'],
    [torn, 'piece of a line', 'left by a crash or a full disk: nothing of it is proved'],
    [lost, 'line', 'lost: the server says itself that it could not write it'],
    [retired, 'chain', 'removed by the server, being old enough'],
    [absent, 'chain', 'in a file that is not here, or cannot be opened'],
  ]
  return remarks
    .filter(([count]) => count > 0)
    .map(([count, what, text]) => `  ${counted(count, what)} ${text}`)
}

function counted(count: number, what: string): string {
  return `${count} ${count === 1 ? what : what.replace(/^\w+/u, '$&s')}`
}
