import type { Config } from '../../config/options.ts'
import { parseDuration, parseSize } from '../../config/quantity.ts'
import { BadValue } from '../../config/option.ts'
import { systemClock } from '../../core/clock.ts'
import { encodeSlotPath, isSlotPath } from '../../core/slot-path.ts'
import { signSlot, type SlotToSign } from '../../grants/sign.ts'
import { command, UsageError, type Command, type FlagValues, type Flags } from '../command.ts'
import { CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from '../configuration.ts'
import type { Io } from '../io.ts'
import { jsonText } from '../json-text.ts'
import { readOwnSecret } from '../own-secret.ts'
import { paint } from '../paint.ts'

const SCHEMES = ['v1', 'v2', 'token', 'v3', 'bearer', 'jwt'] as const

const FLAGS = {
  ...CONFIG_FLAGS,
  user: { type: 'string', value: 'JID', help: 'bare JID of the owner; bearer needs one' },
  expires: { type: 'string', value: 'DURATION', help: 'how long the slot can be opened (1h)' },
  json: { type: 'boolean', help: 'print one JSON array' },
} as const satisfies Flags

/** Prints what an XMPP server would hand out, to find out why a credential is refused. */
export const signCommand: Command = command({
  name: 'sign',
  summary: 'Prints the signed upload URL of each configured scheme.',
  parameters: 'PATH SIZE [TYPE]',
  details:
    'PATH is the path below public_url as people read it, not percent-encoded; SIZE is in bytes, or\n' +
    'like "5 MiB"; TYPE is the media type that the slot is asked for.',
  flags: FLAGS,
  run: async ({ flags, positionals }, io) => {
    const slot = slotOf(flags, positionals)
    const own = usesOwnSecret(flags, io) ? await readOwnSecret(dataFolderOf(io)) : undefined
    const { config } = configurationOf(flags, io, own)
    const signed = SCHEMES.flatMap((scheme) => signedBy(scheme, slot, config))
    if (flags.json === true) io.stdout.write(`${jsonText(signed, 2)}\n`)
    else for (const one of signed) io.stdout.write(signedText(one, io))
    return signed.some(({ url }) => url !== undefined) ? 0 : 1
  },
})

interface Signed {
  readonly scheme: string
  readonly url?: string
  readonly authorization?: string
  readonly contentType?: string
  /** Why the scheme cannot sign this slot. */
  readonly problem?: string
}

function slotOf(flags: FlagValues<typeof FLAGS>, positionals: readonly string[]): SlotToSign {
  const [given, size, contentType, ...rest] = positionals
  if (given === undefined || size === undefined) throw new UsageError('PATH and SIZE are needed')
  if (rest.length > 0) throw new UsageError('There are more arguments than PATH SIZE TYPE')
  const path = given.replace(/^\//u, '')
  if (!isSlotPath(path)) throw new UsageError(`"${given}" is not a path that a slot can have`)
  const now = systemClock()
  return {
    path,
    size: amount('SIZE', () => parseSize(size)),
    issuedAt: now,
    expiresAt: now + amount('--expires', () => parseDuration(flags.expires ?? '1h')),
    ...(contentType === undefined ? {} : { contentType }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
  }
}

function amount(name: string, parse: () => number): number {
  try {
    return parse()
  } catch (cause) {
    if (!(cause instanceof BadValue)) throw cause
    throw new UsageError(`${name}: ${cause.message}`, { cause })
  }
}

function signedBy(
  scheme: (typeof SCHEMES)[number],
  slot: SlotToSign,
  { grants, server }: Config,
): Signed[] {
  const secret = grants[`${scheme}Secret`]
  if (secret === undefined) return []
  try {
    const { query, authorization } = signSlot(scheme, slot, Buffer.from(secret))
    const url = new URL(encodeSlotPath(slot.path), server.publicUrl)
    return [
      {
        scheme,
        url: query === undefined ? url.href : `${url.href}?${query}`,
        ...(authorization === undefined ? {} : { authorization }),
        ...(slot.contentType === undefined ? {} : { contentType: slot.contentType }),
      },
    ]
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    return [{ scheme, problem: cause.message }]
  }
}

function signedText({ scheme, url, authorization, contentType, problem }: Signed, io: Io): string {
  const lines = [
    url === undefined ? `cannot sign this slot: ${problem}` : `PUT ${url}`,
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
  ]
  return `${paint(scheme, 'heading', io)}\n${lines.map((line) => `  ${line}\n`).join('')}`
}
