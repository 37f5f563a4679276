import { HEADER } from '../../../wire/header-names.ts'
import { failed, note } from '../finding.ts'
import { described } from '../http-client.ts'
import { inOurs } from '../remedies.ts'
import { SPOKEN } from '../resumable-upload.ts'
import { trial } from '../trial.ts'
import { putOf } from '../uploading.ts'

const SIZE = 64 * 1024
const RESUMPTION_SUPPORTED = 104

/** iOS learns by an interim answer where an upload goes on; several proxies drop it, or stumble over it. */
export const interimCheck = trial({
  name: 'interim',
  about: 'whether the interim answer 104 gets through the proxy',
  needs: ['upload'],
  size: SIZE,
  async tryOut(deployment, errand, signal) {
    const put = putOf(errand)
    const headers = { ...put.headers, ...SPOKEN, [HEADER.uploadComplete]: '?1' }
    const answer = await deployment.http.ask({ ...put, headers, body: errand.file.bytes }, signal)
    if (answer.status !== 201) {
      const text = `an upload that asks for 104 is answered with ${described(answer)}`
      return failed(text, inOurs('http', 'interim_104 = "auto"'))
    }
    return answer.interim.includes(RESUMPTION_SUPPORTED)
      ? note('104 arrives: iOS resumes by itself')
      : note(
          'no 104 arrives: usual behind a proxy; clients that create the upload first resume all the same',
        )
  },
})
