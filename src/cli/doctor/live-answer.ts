import type { Deployment } from './deployment.ts'
import type { Answer } from './http-client.ts'

/** The answer to whether the server lives, which it gives to anybody. */
export async function liveAnswer(
  { publicUrl, http }: Deployment,
  signal: AbortSignal,
): Promise<Answer> {
  const url = new URL('-/health/live', publicUrl).href
  return await http.ask({ method: 'GET', url }, signal)
}
