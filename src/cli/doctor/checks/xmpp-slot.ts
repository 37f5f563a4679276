import type { Check } from '../check.ts'
import { failed, ok, skipped } from '../finding.ts'
import { refusedSlot, slotBase } from '../refused-slot.ts'
import { schemeOf } from '../slot-scheme.ts'
import { testFile } from '../test-file.ts'
import { errandFor, plainUpload } from '../uploading.ts'

const SIZE = 1000

/** The one check of all that clients do: a slot of the XMPP server, used. */
export const xmppSlotCheck: Check = {
  name: 'xmpp-slot',
  about: 'a slot of the XMPP server leads here and is accepted: scheme and secret are the same',
  needs: ['service', 'health'],
  async run(deployment, signal) {
    if (deployment.xmppSlots === undefined)
      return skipped('no account: --jid ME --password-file FILE')
    const { file, slot } = await errandFor(deployment.xmppSlots, testFile(SIZE), signal)
    if (!slot.put.startsWith(deployment.publicUrl.href)) {
      const { origin, pathname } = new URL(slot.put)
      const text = `the slot leads to ${origin}${pathname}, which is not below ${deployment.publicUrl.href}`
      return failed(text, ...slotBase(deployment.publicUrl))
    }
    const { answer } = await plainUpload(deployment, { slot, file }, signal)
    if (answer.status !== 201) return refusedSlot(deployment, slot, answer)
    return ok(`signed by scheme ${schemeOf(slot) ?? 'none'}, accepted`)
  },
}
