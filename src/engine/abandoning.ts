import { Refusal } from '../core/refusals.ts'
import type { Activities } from './activity.ts'
import type { AbandonRequest, Engine } from './engine.ts'
import type { EngineNeeds } from './needs.ts'
import { type Passed, letPassWithoutGrant } from './passage.ts'
import { type SlotRecord, isReserving } from './slot-record.ts'
import { type Holder, acquireLease, giveUp, holderOf, tenureOf } from './tenure.ts'
import { noteTakeover } from './writing.ts'

/** Giving up what is unfinished of a slot, for whom its session is all that it takes. */
export function abandonments(needs: EngineNeeds, activity: Activities): Pick<Engine, 'abandon'> {
  return {
    async abandon(request): Promise<void> {
      const holder = holderOf(request.client)
      while (!holder.isReleased()) {
        if ((await attempt(request, holder)) === 'done') return
      }
    },
  }

  /** Tries to give all of them up; `stale` when the slot changed before it was done. */
  async function attempt(request: AbandonRequest, holder: Holder): Promise<'done' | 'stale'> {
    const { slot, client } = request
    const seen = (await needs.slots.find(slot)) ?? activity.find(slot)?.record()
    const isUnderWay = seen === undefined ? await isHeld(request, needs) : isReserving(seen)
    if (!isUnderWay) return 'done'
    const before = await guard(seen, request)
    const rival = activity.rivalOf(slot)
    const lease = await acquireLease(slot, holder, needs)
    if (lease === 'superseded') return 'done'
    using _lease = lease
    const record = await needs.slots.find(slot)
    if (rival !== undefined) noteTakeover(rival, { slot: record, client }, needs)
    // What no store knows of is gone with its sender.
    if (record === undefined || !isReserving(record)) return 'done'
    await guard(record, request, before)
    return await giveAllUp(record, needs)
  }
}

/** Whether somebody writes to a slot that no store knows of yet. */
async function isHeld({ slot }: AbandonRequest, { leases }: EngineNeeds): Promise<boolean> {
  return leases.isHeld(slot) || (await leases.isHeldElsewhere(slot))
}

async function guard(
  record: SlotRecord | undefined,
  { passage }: AbandonRequest,
  before?: Passed,
): Promise<Passed | undefined> {
  // Its name gives nobody a right to a slot.
  if (record !== undefined && record.session === undefined) throw new Refusal('proof-required')
  return await letPassWithoutGrant(record, passage, before)
}

async function giveAllUp(record: SlotRecord, needs: EngineNeeds): Promise<'done' | 'stale'> {
  const tenure = tenureOf(record, needs)
  for (const upload of record.uploads) {
    if (upload.state !== 'receiving') continue
    if (!(await giveUp({ tenure, upload }, 'requested', needs))) return 'stale'
  }
  return 'done'
}
