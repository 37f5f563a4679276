import type { Check } from '../check.ts'
import { failed, ok } from '../finding.ts'
import { described } from '../http-client.ts'
import { inNginx } from '../remedies.ts'
import { testFile } from '../test-file.ts'
import { errandFor, plainUpload, putOf } from '../uploading.ts'

const SIZE = 256 * 1024

/** The old connection of a phone looks alive for minutes; its new one must not wait for it. */
export const takeoverCheck: Check = {
  name: 'takeover',
  about: 'a second PUT succeeds while the first one is silent, and a third one is harmless',
  needs: ['upload'],
  takesSlot: true,
  async run(deployment, signal) {
    const errand = await errandFor(deployment.slots, testFile(SIZE), signal)
    using silent = deployment.http.open({ ...putOf(errand), length: SIZE }, signal)
    await silent.send(errand.file.bytes.subarray(0, SIZE / 2))
    for (const which of ['the second PUT', 'the same PUT again']) {
      const { answer } = await plainUpload(deployment, errand, signal)
      if (answer.status === 201) continue
      return failed(
        `${which} was answered with ${described(answer)}`,
        inNginx(deployment, '# no limit_conn and no limit_req for uploads'),
      )
    }
    return ok('the newer connection wins, and a repeated PUT is 201 again')
  },
}
