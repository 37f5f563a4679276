import { isJsonObject } from '../../core/json-object.ts'
import type { Deployment } from './deployment.ts'
import { type Answer, jsonOf } from './http-client.ts'

/** The answer to whether the server lives, which it gives to anybody; at one of its addresses, if told. */
export async function liveAnswer(
  { publicUrl, http }: Deployment,
  signal: AbortSignal,
  address?: string,
): Promise<Answer> {
  const url = new URL('-/health/live', publicUrl).href
  return await http.ask({ method: 'GET', url, address }, signal)
}

/** Whether an answer is that of a living server of ours. */
export function isAlive(answer: Answer): boolean {
  const told = answer.status === 200 ? jsonOf(answer.body) : undefined
  return isJsonObject(told) && told['status'] === 'ok'
}
