import { type Maintenance, openMaintenance } from '../../app/maintenance.ts'
import type { Config } from '../../config/options.ts'
import { parseDuration, showDuration } from '../../config/quantity.ts'
import { type Instant, systemClock } from '../../core/clock.ts'
import { type SlotPath, encodeSlotPath, parseSlotPath } from '../../core/slot-path.ts'
import { type Arguments, UsageError, command, type Command } from '../command.ts'
import { CONFIG_FLAGS } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { printable } from '../printable-text.ts'
import { storedConfigurationOf } from '../stored-configuration.ts'
import { type Subcommands, subcommandOf } from '../subcommands.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  user: { type: 'string', value: 'JID', help: 'only files of this user (bare JID)' },
  'older-than': { type: 'string', value: 'AGE', help: 'only files published before, e.g. 30d' },
  sort: {
    type: 'string',
    value: 'ORDER',
    help: 'newest (the default), oldest, largest, url; none: as they are stored',
  },
  reason: {
    type: 'string',
    value: 'WHY',
    help: 'of delete: requested (the default) or abuse, which counts against the user of the file',
  },
  json: { type: 'boolean', help: 'print one JSON object per file' },
} as const

type Given = Arguments<typeof FLAGS>

/** A file as an operator sees it. */
interface ListedFile {
  readonly url: string
  readonly size: number
  readonly contentType: string
  readonly scheme: string
  readonly user?: string
  readonly network: string
  readonly published?: string
  readonly expires?: string
}

type StoredFile = NonNullable<Awaited<ReturnType<Maintenance['engine']['find']>>>

/** What a subcommand works with. */
interface Job {
  readonly engine: Maintenance['engine']
  readonly threats: Maintenance['threats']
  readonly config: Config
  readonly given: Given
  readonly io: Io
}

/** A line of a list, and what it is sorted by. */
interface Entry {
  readonly publishedAt: Instant
  readonly size: number
  readonly url: string
  readonly line: string
}

type Order = (one: Entry, other: Entry) => number

/** Files that are equal in an order stand by their URL, so that two runs print the same. */
const ORDERS: ReadonlyMap<string, Order> = new Map([
  ['newest', thenByUrl((one, other) => other.publishedAt - one.publishedAt)],
  ['oldest', thenByUrl((one, other) => one.publishedAt - other.publishedAt)],
  ['largest', thenByUrl((one, other) => other.size - one.size)],
  ['url', byUrl],
])

function byUrl(one: Entry, other: Entry): number {
  if (one.url === other.url) return 0
  return one.url < other.url ? -1 : 1
}

function thenByUrl(order: Order): Order {
  return (one, other) => order(one, other) || byUrl(one, other)
}

const JOBS: Subcommands<(job: Job) => Promise<number>> = new Map([
  ['list', list],
  ['show', async (job: Job) => await eachNamed(job, show)],
  ['delete', removeNamed],
])

/** Finds and removes files; works without, and beside, a running server. */
export const filesCommand: Command = command({
  name: 'files',
  summary: 'Lists, shows and deletes stored files.',
  parameters: 'list | show URL… | delete URL…',
  details:
    'URL is what a message carries, or its path. A running server stops serving a deleted file\n' +
    'within a second; its path can never be used again. To sort, list holds one line per file in\n' +
    'memory; with millions of files use --sort none.',
  flags: FLAGS,
  run: async (given, io) => {
    const job = subcommandOf(JOBS, given.positionals)
    const config = await storedConfigurationOf(given.flags, io)
    refuseNonsense(given, config)
    await using maintenance = await openMaintenance(config)
    const { engine, threats } = maintenance
    return await job({ engine, threats, config, given, io })
  },
})

/** Before anything is opened. */
function refuseNonsense({ flags, positionals }: Given, config: Config): void {
  const [job, ...urls] = positionals
  if (job !== 'list' && urls.length === 0) throw new UsageError('Name at least one URL')
  for (const url of urls) pathOf(url, config)
  if (flags['older-than'] !== undefined) duration(flags['older-than'])
  sortOf(flags.sort)
  if (job !== 'delete' && flags.reason !== undefined) {
    throw new UsageError('--reason belongs to "delete"')
  }
  reasonOf(flags.reason)
}

async function list(job: Job): Promise<number> {
  const { config, given, io } = job
  const order = sortOf(given.flags.sort)
  const entries: Entry[] = []
  for await (const record of wanted(job)) {
    const file = listed(record, config)
    const line = lineOf(file, given)
    const { publishedAt = 0, size } = record
    if (order === undefined) io.stdout.write(line)
    else entries.push({ publishedAt, size, url: file.url, line })
  }
  if (order !== undefined) for (const { line } of entries.toSorted(order)) io.stdout.write(line)
  return 0
}

async function* wanted({ engine, given }: Job): AsyncGenerator<StoredFile> {
  const { user, 'older-than': age } = given.flags
  const before = age === undefined ? Infinity : systemClock() - duration(age)
  for await (const record of engine.files()) {
    if (user !== undefined && record.user !== user) continue
    if ((record.publishedAt ?? 0) < before) yield record
  }
}

function sortOf(name = 'newest'): Order | undefined {
  if (name === 'none') return undefined
  const order = ORDERS.get(name)
  if (order === undefined) {
    throw new UsageError(`--sort takes ${[...ORDERS.keys()].join(', ')} or none, not "${name}"`)
  }
  return order
}

async function eachNamed(
  job: Job,
  one: (path: SlotPath, job: Job) => Promise<boolean>,
): Promise<number> {
  const [, ...urls] = job.given.positionals
  let code = 0
  for (const url of urls) {
    if (await one(pathOf(url, job.config), job)) continue
    job.io.stderr.write(`There is no such file: ${url}\n`)
    code = 1
  }
  return code
}

async function show(path: SlotPath, job: Job): Promise<boolean> {
  const record = await job.engine.find(path)
  if (record?.state !== 'published') return false
  job.io.stdout.write(lineOf(listed(record, job.config), job.given))
  return true
}

async function removeNamed(job: Job): Promise<number> {
  const users = new Set<string>()
  const code = await eachNamed(job, async (path) => await remove(path, job, users))
  for (const user of users) await tellOfAbuse(user, job)
  return code
}

/** Removes a file; whose it was is added to `users` if it was abuse. */
async function remove(path: SlotPath, job: Job, users: Set<string>): Promise<boolean> {
  const { engine, threats, given, io } = job
  const reason = reasonOf(given.flags.reason)
  const file = await engine.find(path)
  if (file === undefined || !(await engine.remove(path, reason))) return false
  io.stdout.write(`Deleted ${path}\n`)
  if (reason !== 'abuse') return true
  const user = await threats.noteAbuse(file)
  if (user === undefined)
    io.stdout.write('  Its grant named no user, so it counts against nobody\n')
  else users.add(user)
  return true
}

async function tellOfAbuse(user: string, { threats, io }: Job): Promise<void> {
  const threat = await threats.judgeAbuse(user)
  if (threat === undefined) return
  const { pattern, effect, count, duration: length } = threat
  const subject = printable(threat.subject)
  const files = count === 1 ? '1 file' : `${count} files`
  const holds = `for ${showDuration(length)}: "threats lift ${subject}" ends it`
  io.stdout.write(`Found ${pattern} of ${subject} (${files}), ${effect} ${holds}\n`)
}

function reasonOf(reason = 'requested'): 'requested' | 'abuse' {
  if (reason === 'requested' || reason === 'abuse') return reason
  throw new UsageError(`--reason takes requested or abuse, not "${reason}"`)
}

function lineOf(file: ListedFile, { flags }: Given): string {
  if (flags.json === true) return `${jsonText(file)}\n`
  const { url, size, published = '-', user = '-' } = file
  return `${published}  ${String(size).padStart(12)}  ${user}  ${url}\n`
}

function listed(record: StoredFile, { server }: Config): ListedFile {
  const { size, contentType, scheme, user, network, publishedAt, fileExpiresAt } = record
  const path = record.path === '' ? '' : encodeSlotPath(record.path)
  return {
    url: `${server.publicUrl.href}${path}`,
    size,
    contentType,
    scheme,
    ...(user === undefined ? {} : { user }),
    network,
    ...(publishedAt === undefined ? {} : { published: timeText(publishedAt) }),
    ...(fileExpiresAt === undefined ? {} : { expires: timeText(fileExpiresAt) }),
  }
}

function timeText(instant: Instant): string {
  return new Date(instant).toISOString()
}

function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (cause) {
    throw new UsageError(`--older-than takes an age such as 12h or 30d, not "${text}"`, { cause })
  }
}

/** The slot's path in a URL of a message, or in a path as the log shows it. */
function pathOf(text: string, { server: { publicUrl } }: Config): SlotPath {
  const [url = ''] = text.split(/[?#]/u)
  const prefix = publicUrl.pathname
  const path = URL.canParse(url) ? new URL(url).pathname : url
  try {
    const inside = path.startsWith(prefix) ? path.slice(prefix.length) : path.replace(/^\//u, '')
    return parseSlotPath(inside)
  } catch (cause) {
    throw new UsageError(`"${text}" is not the URL of a file`, { cause })
  }
}
