import { HEADER } from '../../../wire/header-names.ts'
import type { Check } from '../check.ts'
import { failed, ok } from '../finding.ts'
import { field } from '../http-client.ts'
import { refusedSlot } from '../refused-slot.ts'
import { inOurs } from '../remedies.ts'

/** What every client does: one PUT (XEP-0363 §5). */
export const uploadCheck: Check = {
  name: 'upload',
  about: 'a plain PUT is accepted, and its link is below the public URL',
  needs: ['health'],
  takesSlot: true,
  async run(deployment, signal) {
    const { slots, publicUrl } = deployment
    const { slot, file, answer } = await deployment.upload(signal)
    if (answer.status !== 201) return refusedSlot(deployment, slot, answer)
    const location = field(answer, HEADER.location)
    if (location !== '' && !location.startsWith(publicUrl.href)) {
      const text = `the server calls the file ${location}, not below ${publicUrl.href}`
      return failed(text, inOurs('server', `public_url = "${publicUrl.href}"`))
    }
    return ok(`${file.bytes.length} bytes by a slot ${slots?.origin}`)
  },
}
