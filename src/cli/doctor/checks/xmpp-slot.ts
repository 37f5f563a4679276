import type { Check } from '../check.ts'
import { NO_ACCOUNT, ok } from '../finding.ts'
import { elsewhere, refusedSlot } from '../refused-slot.ts'
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
    if (deployment.xmppSlots === undefined) return NO_ACCOUNT
    const { file, slot } = await errandFor(deployment.xmppSlots, testFile(SIZE), signal)
    if (!slot.put.startsWith(deployment.publicUrl.href)) {
      return elsewhere(deployment, slot)
    }
    const { answer } = await plainUpload(deployment, { slot, file }, signal)
    if (answer.status !== 201) return refusedSlot(deployment, slot, answer)
    return ok(`signed by scheme ${schemeOf(slot) ?? 'none'}, accepted`)
  },
}
