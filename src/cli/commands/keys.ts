import { keyFileNeeds } from '../../app/key-upkeep.ts'
import type { Config } from '../../config/options.ts'
import { parseDuration } from '../../config/quantity.ts'
import { type Instant, systemClock } from '../../core/clock.ts'
import { OperatorError } from '../../core/operator-error.ts'
import { readKeyFile } from '../../keys/key-file.ts'
import { retireKey, rotateKeys } from '../../keys/rotation.ts'
import { type KeyStanding, standings } from '../../keys/standing.ts'
import { type Arguments, UsageError, command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'
import { type Subcommands, subcommandOf } from '../subcommands.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  'activate-in': {
    type: 'string',
    value: 'DURATION',
    help: 'rotate: how long until the new key is used; default keys.activation_delay',
  },
  now: { type: 'boolean', help: 'retire: at once, whatever was derived from the key' },
  json: { type: 'boolean', help: 'print JSON: list one object per key, the others one' },
} as const

type Given = Arguments<typeof FLAGS>

/** What a subcommand works with. */
interface Job {
  readonly config: Config
  readonly given: Given
  readonly io: Io
}

const JOBS: Subcommands<(job: Job) => Promise<void>> = new Map([
  ['list', list],
  ['rotate', rotate],
  ['retire', retire],
])

/** Shows and changes the master keys; works without, and beside, a running server. */
export const keysCommand: Command = command({
  name: 'keys',
  summary: 'Lists, rotates and retires the master keys of sessions.',
  parameters: 'list | rotate | retire KID',
  details:
    'rotate adds a key. After keys.activation_delay it is used for what is new; the one before is\n' +
    'good for as long as a session may live, so nobody notices. Where servers have copies of the file\n' +
    '(security.master_key), copy it to all of them before the new key is used.\n' +
    'retire removes a key that nothing can be derived from any more, or says when it will be.\n' +
    'With --now it goes at once: sessions whose key comes from it end, and their uploads need new\n' +
    'slots. A running server follows the file within seconds. No key is ever printed.',
  flags: FLAGS,
  run: async (given, io) => {
    const job = subcommandOf(JOBS, given.positionals)
    refuseNonsense(given)
    const config = await storedConfigurationOf(given.flags, io)
    await job({ config, given, io })
    return 0
  },
})

/** Before anything is changed. */
function refuseNonsense({ flags, positionals }: Given): void {
  const [job, ...more] = positionals
  if (more.length !== (job === 'retire' ? 1 : 0)) {
    throw new UsageError(job === 'retire' ? 'Name one key' : `"${job}" takes no arguments`)
  }
  if (flags.now === true && job !== 'retire') throw new UsageError('--now is for "retire" only')
  if (flags['activate-in'] === undefined) return
  if (job !== 'rotate') throw new UsageError('--activate-in is for "rotate" only')
  activateIn(flags['activate-in'])
}

async function list(job: Job): Promise<void> {
  const file = job.config.security.masterKey
  const entries = await readKeyFile(file)
  if (entries === undefined) {
    throw new OperatorError(`There is no master key file ${file}: it is made at the first start`)
  }
  for (const standing of standings(entries, systemClock())) {
    const { entry, state } = standing
    const { kid, createdAt, activeFrom, retireAt } = entry
    const end = retireAt === undefined ? {} : { retireAt: timeText(retireAt) }
    const times = { createdAt: timeText(createdAt), activeFrom: timeText(activeFrom), ...end }
    print(job, { kid, state, ...times }, standingLine(standing))
  }
}

function standingLine({ entry, state }: KeyStanding): string {
  const { kid, createdAt, activeFrom, retireAt } = entry
  const line = `${kid.padEnd(12)}  made ${timeText(createdAt)}  ${state}`
  if (state === 'coming') return `${line}, current from ${timeText(activeFrom)}`
  return retireAt === undefined ? line : `${line}, good until ${timeText(retireAt)}`
}

async function rotate(job: Job): Promise<void> {
  const { config, given } = job
  const { 'activate-in': wanted } = given.flags
  const delay = wanted === undefined ? config.keys.activationDelay : activateIn(wanted)
  const { kid, activeFrom, before } = await rotateKeys(keyFileNeeds(config, systemClock), delay)
  const [from, until] = [timeText(activeFrom), timeText(before.retireAt)]
  print(
    job,
    { kid, activeFrom: from, before: { kid: before.kid, retireAt: until } },
    `${kid} is new, and used from ${from}. ${before.kid} is good until ${until}, and then removed.\n` +
      `Servers with copies of ${config.security.masterKey} must have it before ${from}.`,
  )
}

async function retire(job: Job): Promise<void> {
  const { config, given } = job
  const [, kid = ''] = given.positionals
  const done = await retireKey(keyFileNeeds(config, systemClock), kid, {
    atOnce: given.flags.now === true,
  })
  if (!done.removed) {
    const until = timeText(done.retireAt)
    const what = { kid, removed: false, retireAt: until }
    return print(
      job,
      what,
      `${kid} stays until ${until}: until then there may be sessions whose key comes from it. ` +
        'A running server then removes it by itself; --now ends those sessions.',
    )
  }
  const { was, current } = done
  const ended =
    was === 'current' || was === 'overlapping'
      ? 'Sessions whose key comes from it have ended: clients need new slots for their uploads.\n'
      : ''
  print(job, { kid, removed: true, current }, `${kid} is removed. ${ended}${current} is current.`)
}

function print({ given, io }: Job, data: object, text: string): void {
  io.stdout.write(`${given.flags.json === true ? jsonText(data) : text}\n`)
}

function activateIn(text: string): number {
  try {
    return parseDuration(text)
  } catch (cause) {
    throw new UsageError(`--activate-in takes a duration such as 1m or 2h, not "${text}"`, {
      cause,
    })
  }
}

function timeText(instant: Instant): string {
  return new Date(instant).toISOString()
}
