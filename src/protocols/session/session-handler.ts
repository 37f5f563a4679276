import type { ClientAddress } from '../../core/client-address.ts'
import { methodOf } from '../../core/method-override.ts'
import { Refusal } from '../../core/refusals.ts'
import { REFRESH_PATH } from '../../core/session-path.ts'
import type { Fingerprint } from '../../core/slot-path.ts'
import type { Engine } from '../../engine/engine.ts'
import type { SlotStore } from '../../engine/ports.ts'
import { type SlotRecord, type UploadRecord, isReserving } from '../../engine/slot-record.ts'
import type { Attendance, Gate } from '../../gate/gate.ts'
import { optionsAnswer } from '../../http/cross-origin.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'

/** What a client's own session is shown, refreshed and ended with. */
export interface SessionFaceNeeds {
  readonly gate: Pick<Gate, 'attend'>
  readonly engine: Pick<Engine, 'abandon'>
  readonly slots: Pick<SlotStore, 'find'>
  /** Signs a fresh grant for a slot of the session. */
  readonly sign: (
    slot: SlotRecord & { readonly session: string },
    refresh: number,
  ) => { readonly token: string; readonly expiresAt: number }
}

/** An unfinished upload of the session. */
interface Unfinished {
  readonly slot: SlotRecord
  readonly upload: UploadRecord
}

type Verb = (exchange: Exchange, needs: SessionFaceNeeds) => Promise<void>

const SESSION: ReadonlyMap<string, Verb> = new Map([
  ['GET', show],
  ['DELETE', end],
])

const REFRESH: ReadonlyMap<string, Verb> = new Map([['POST', refresh]])

/**
 * `GET` shows a session to its client, `DELETE` ends it with its unfinished uploads, and `POST` on
 * the path below it gives fresh grants for those. All of it needs the session's proof.
 */
export function sessionHandler(needs: SessionFaceNeeds): Handler {
  return async (exchange): Promise<void> => {
    const verbs = exchange.target.rawPath === REFRESH_PATH ? REFRESH : SESSION
    const allow = `${[...verbs.keys()].join(', ')}, OPTIONS`
    if (exchange.method === 'OPTIONS') return exchange.reply(optionsAnswer({}, allow))
    const verb = verbs.get(methodOf(exchange))
    if (verb === undefined) throw new Refusal('method-not-allowed', { allow })
    await verb(exchange, needs)
  }
}

async function show(exchange: Exchange, needs: SessionFaceNeeds): Promise<void> {
  const attendance = await needs.gate.attend(exchange)
  const { level, key, user, openedAt, expiresAt, refreshesLeft, networks } = attendance
  const uploads = await unfinishedOf(attendance, needs)
  answer(exchange, {
    level,
    key,
    user,
    openedAt: timeText(openedAt),
    expiresAt: timeText(expiresAt),
    refreshesLeft,
    networks: networks.map(({ network, product, firstAt, lastAt }) => ({
      network,
      product,
      firstAt: timeText(firstAt),
      lastAt: timeText(lastAt),
    })),
    uploads: uploads.map(({ slot, upload }) => ({
      path: slot.path,
      size: slot.size,
      offset: upload.durable,
      protocol: upload.face,
    })),
  })
}

async function refresh(exchange: Exchange, needs: SessionFaceNeeds): Promise<void> {
  const attendance = await needs.gate.attend(exchange)
  const uploads = await unfinishedOf(attendance, needs)
  if (uploads.length === 0) throw new Refusal('not-found', { why: 'no unfinished upload' })
  const number = await attendance.refresh()
  const { session, refreshesLeft } = attendance
  const grants = uploads.map(({ slot }) => {
    const { token, expiresAt } = needs.sign({ ...slot, session }, number)
    return { path: slot.path, size: slot.size, token, expiresAt: timeText(expiresAt) }
  })
  answer(exchange, { grants, refreshesLeft: refreshesLeft - 1 })
}

async function end(exchange: Exchange, needs: SessionFaceNeeds): Promise<void> {
  const { client } = exchange
  const { engine } = needs
  const attendance = await needs.gate.attend(exchange)
  for (const slot of attendance.uploads) await giveUp(slot, attendance, { client, engine })
  await attendance.end()
  exchange.reply({ status: 204, headers: { [HEADER.cacheControl]: 'no-store' } })
}

/** What is another session's by now is no business of this one. */
async function giveUp(
  slot: Fingerprint,
  { session }: Attendance,
  { client, engine }: Pick<SessionFaceNeeds, 'engine'> & { readonly client: ClientAddress },
): Promise<void> {
  try {
    await engine.abandon({ slot, client, passage: { session } })
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'proof-required')) throw error
  }
}

async function unfinishedOf(
  { session, uploads }: Attendance,
  { slots }: Pick<SessionFaceNeeds, 'slots'>,
): Promise<readonly Unfinished[]> {
  const found = await Promise.all(uploads.map(async (slot) => await slots.find(slot)))
  return found.flatMap((slot) => {
    if (slot === undefined || slot.session !== session || !isReserving(slot)) return []
    const upload = slot.uploads.findLast(({ state }) => state === 'receiving')
    return upload === undefined ? [] : [{ slot, upload }]
  })
}

function answer(exchange: Exchange, body: object): void {
  exchange.reply({
    status: 200,
    headers: { [HEADER.contentType]: 'application/json', [HEADER.cacheControl]: 'no-store' },
    body: JSON.stringify(body),
  })
}

/** RFC 3339. */
function timeText(instant: number): string {
  return new Date(instant).toISOString()
}
