import { isIP } from 'node:net'
import { BadValue } from '../../config/option.ts'
import type { Config } from '../../config/options.ts'
import { parseSize } from '../../config/quantity.ts'
import { systemClock } from '../../core/clock.ts'
import { UsageError, command, type Command, type FlagValues, type Flags } from '../command.ts'
import { CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from '../configuration.ts'
import { bareHost } from '../doctor/addresses.ts'
import { CHECKS } from '../doctor/checks.ts'
import { type Result, examine } from '../doctor/examination.ts'
import { type DeploymentFacts, openDeployment } from '../doctor/opened-deployment.ts'
import { isAllWell, reportJson, resultText, summaryText } from '../doctor/report.ts'
import { type SlotDesk, givenSlot } from '../doctor/slot-desk.ts'
import type { Io } from '../io.ts'
import { readOwnSecret } from '../own-secret.ts'
import { unlessStopped } from '../stoppable-work.ts'
import { CA_FLAG, trustAuthority } from '../trusted-authority.ts'
import { ACCOUNT_FLAGS, accountOf } from '../xmpp/account-flags.ts'

const FLAGS = {
  ...CONFIG_FLAGS,
  url: { type: 'string', value: 'URL', help: 'the public URL; default: server.public_url' },
  ...ACCOUNT_FLAGS,
  ...CA_FLAG,
  address: {
    type: 'string',
    multiple: true,
    value: 'ADDRESS',
    help: 'address of the host, if not the one of DNS; may be given several times',
  },
  slot: { type: 'string', value: 'PUT_URL', help: 'upload to this slot; tries only a part' },
  get: { type: 'string', value: 'GET_URL', help: 'where the file of --slot is fetched' },
  size: { type: 'string', value: 'SIZE', help: 'the size that --slot was asked for' },
  type: { type: 'string', value: 'TYPE', help: 'the media type that --slot was asked for' },
  authorization: { type: 'string', value: 'TEXT', help: 'the field that came with --slot' },
  json: { type: 'boolean', help: 'print one JSON object' },
} as const satisfies Flags

type DoctorFlags = FlagValues<typeof FLAGS>

/** Tries a live deployment as clients see it. */
export const doctorCommand: Command = command({
  name: 'doctor',
  summary: 'Tries a live deployment from outside, and says what to change where.',
  details:
    'It uploads small files: by slots that it signs itself (--config), by those of the XMPP server\n' +
    '(--jid; the password is read from --password-file or HFS_XMPP_PASSWORD), or by one that you\n' +
    'have (--slot). With --config and --jid both it also tries whether the two servers fit together.\n' +
    'Exit code 1 if anything failed; warnings are no failures, nor is what could not be tried.',
  flags: FLAGS,
  run: async ({ flags }, io) => {
    const facts = await factsOf(flags, io)
    if (flags.ca !== undefined) await trustAuthority(flags.ca, io)
    const isJson = flags.json === true
    const results = await unlessStopped(
      io,
      'Stopped',
      async (stop) => await resultsOf(facts, { io, stop, isJson }),
    )
    return results !== undefined && isAllWell(results) ? 0 : 1
  },
})

/** Examines, and prints each result when it is there, or all at the end as JSON. */
async function resultsOf(
  facts: DeploymentFacts,
  { io, stop, isJson }: { io: Io; stop: AbortSignal; isJson: boolean },
): Promise<readonly Result[]> {
  const { publicUrl } = facts
  await using deployment = openDeployment(facts, stop)
  const results: Result[] = []
  if (!isJson) io.stdout.write(`${publicUrl.href}\n\n`)
  for await (const result of examine(deployment, CHECKS, stop)) {
    results.push(result)
    if (!isJson) io.stdout.write(resultText(result, io))
  }
  io.stdout.write(isJson ? reportJson(publicUrl, results) : summaryText(results, io))
  return results
}

async function factsOf(flags: DoctorFlags, io: Io): Promise<DeploymentFacts> {
  const config = await configFor(flags, io)
  const { url } = flags
  if (url !== undefined && !isWebAddress(url))
    throw new UsageError(`--url: "${url}" is no web address`)
  const publicUrl = url === undefined ? config?.server.publicUrl : withSlash(url)
  if (publicUrl === undefined)
    throw new UsageError('Name the deployment: --url URL or --config FILE')
  return {
    publicUrl,
    config,
    credentials: flags.jid === undefined ? undefined : await accountOf(flags, io),
    given: deskOf(flags),
    clock: systemClock,
    addresses: addressesIn(flags, publicUrl),
  }
}

function addressesIn(
  { address: given }: DoctorFlags,
  { hostname }: URL,
): readonly string[] | undefined {
  if (given === undefined) return undefined
  const wrong = given.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw new UsageError(`--address: "${wrong}" is no IP address`)
  if (isIP(bareHost(hostname)) === 0) return given
  throw new UsageError('--address is for a host that has a name')
}

/** Nothing if there is no configuration on this machine, which a doctor from outside can do without. */
async function configFor(flags: DoctorFlags, io: Io): Promise<Config | undefined> {
  if (!usesOwnSecret(flags, io)) return configurationOf(flags, io).config
  if (flags.url !== undefined) return undefined
  const own = await readOwnSecret(dataFolderOf(io))
  return own === undefined ? undefined : configurationOf(flags, io, own).config
}

function deskOf(flags: DoctorFlags): SlotDesk | undefined {
  const { slot: put, get, size, type = 'application/octet-stream', authorization } = flags
  if (put === undefined) return undefined
  if (get === undefined || size === undefined) throw new UsageError('--slot needs --get and --size')
  for (const url of [put, get]) {
    if (!isWebAddress(url)) throw new UsageError(`"${url}" is no web address`)
  }
  const headers = authorization === undefined ? {} : { headers: { Authorization: authorization } }
  return givenSlot({ put, get, ...headers }, { size: sizeOf(size), type })
}

/** More than this is no test any more, in bytes. */
const MOST = 8 * 1024 * 1024

function sizeOf(text: string): number {
  try {
    const size = parseSize(text)
    if (size <= MOST) return size
  } catch (cause) {
    if (!(cause instanceof BadValue)) throw cause
    throw new UsageError(`--size: ${cause.message}`, { cause })
  }
  throw new UsageError('--size: a slot of 8 MiB or less is enough')
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/u.test(new URL(text).protocol)
}

function withSlash(text: string): URL {
  const url = new URL(text)
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}
