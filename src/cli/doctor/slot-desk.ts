import type { Slot } from '../../client/slot.ts'
import type { Config } from '../../config/options.ts'
import type { Clock } from '../../core/clock.ts'
import type { Scheme } from '../../core/grant.ts'
import { randomId } from '../../core/random.ts'
import { encodeSlotPath, parseSlotPath } from '../../core/slot-path.ts'
import { signSlot } from '../../grants/sign.ts'
import type { SlotRequest, XmppAccount } from './xmpp-account.ts'

/** Hands out slots. */
export interface SlotDesk {
  /** Who signs them, for people. */
  readonly origin: string
  /** The check that fails if no slot of this desk can be good. */
  readonly provenBy?: string
  /** The one file that the slots are for; absent: any. */
  readonly only?: Pick<SlotRequest, 'size' | 'type'>
  /** Every slot so far. */
  readonly given: readonly Slot[]
  /** Nothing when there are no more. */
  next(request: SlotRequest, signal: AbortSignal): Promise<Slot | undefined>
}

/** `jwt` first: its files say when they are to be removed. */
const SIGNING: readonly Scheme[] = ['jwt', 'v2', 'v1', 'v3', 'token', 'bearer']

/** How long test files are kept where the grant can say so, and how long slots can be opened; in milliseconds. */
const LIFE = 3_600_000

/** Slots signed with the secrets of the configuration; nothing if it has none. */
export function ownSlots(publicUrl: URL, { grants }: Config, clock: Clock): SlotDesk | undefined {
  const scheme = SIGNING.find((name) => grants[`${name}Secret`] !== undefined)
  const secret = scheme === undefined ? undefined : grants[`${scheme}Secret`]
  if (scheme === undefined || secret === undefined) return undefined
  return desk(`signed here, scheme ${scheme}`, ({ name, size, type }) => {
    const path = parseSlotPath(`doctor-${randomId(18)}/${name}`)
    const now = clock()
    const times = { issuedAt: now, expiresAt: now + LIFE, fileExpiresAt: now + LIFE }
    const asked = { path, size, contentType: type, user: 'doctor@localhost', ...times }
    const { query, authorization } = signSlot(scheme, asked, Buffer.from(secret))
    const url = new URL(encodeSlotPath(path), publicUrl).href
    return {
      put: query === undefined ? url : `${url}?${query}`,
      get: url,
      ...(authorization === undefined ? {} : { headers: { Authorization: authorization } }),
    }
  })
}

/** Slots as users get them. */
export function xmppSlots(account: () => Promise<XmppAccount>): SlotDesk {
  const origin = 'from the XMPP server'
  const asked = desk(
    origin,
    async (request, signal) => await (await account()).slot(request, signal),
  )
  return { ...asked, provenBy: 'xmpp-slot' }
}

/** The one slot of the command line, and what it was asked for. */
export function givenSlot(slot: Slot, only: Pick<SlotRequest, 'size' | 'type'>): SlotDesk {
  let left: Slot | undefined = slot
  const once = desk('of the command line', ({ size }) => {
    if (size !== only.size) return undefined
    const found = left
    left = undefined
    return found
  })
  return { ...once, only }
}

function desk(
  origin: string,
  make: (request: SlotRequest, signal: AbortSignal) => Slot | undefined | Promise<Slot | undefined>,
): SlotDesk {
  const given: Slot[] = []
  return {
    origin,
    given,
    async next(request, signal) {
      const slot = await make(request, signal)
      if (slot !== undefined) given.push(slot)
      return slot
    },
  }
}
