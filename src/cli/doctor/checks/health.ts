import { isJsonObject } from '../../../core/json-object.ts'
import type { Check } from '../check.ts'
import { failed, ok, warning } from '../finding.ts'
import { described, jsonOf } from '../http-client.ts'
import { inOurs } from '../remedies.ts'

/** Whether the server's own parts work. */
export const healthCheck: Check = {
  name: 'health',
  about: 'the server reaches its files and its state',
  needs: ['prefix'],
  async run({ publicUrl, http }, signal) {
    const url = new URL('-/health/ready', publicUrl).href
    const answer = await http.ask({ method: 'GET', url }, signal)
    const told = jsonOf(answer.body)
    const { status, failed: parts, version } = isJsonObject(told) ? told : {}
    if (answer.status === 200 && status === 'ok') return ok(`version ${String(version)} is ready`)
    const text = `${described(answer)}: not working: ${String(parts)}`
    const places = inOurs(
      'storage',
      'url = "file:…"  # and session_store.path: hmac-file-server check says what is wrong there',
    )
    return answer.status === 200 ? warning(text, places) : failed(text, places)
  },
}
