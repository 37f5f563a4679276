import { hmacProver } from '../../client/session/hmac-prover.ts'
import { randomId } from '../../core/random.ts'
import * as HEADER from '../../wire/header-fields.ts'
import type { Deployment } from './deployment.ts'
import { type Answer, field } from './http-client.ts'
import { creation, giveUp } from './resumable-upload.ts'
import { type Errand } from './uploading.ts'

type Fields = Readonly<Record<string, string>>

/** A session of our own, until it is disposed of. */
export interface TriedSession extends AsyncDisposable {
  /** The server's answer about the session itself. */
  show(): Promise<Answer>
}

/** Opens a session with an upload; `extra` fields are sent along. Nothing if the server opens none. */
export async function tryOutSession(
  deployment: Deployment,
  errand: Errand,
  { extra, signal }: { readonly extra: Fields; readonly signal: AbortSignal },
): Promise<TriedSession | undefined> {
  const { http, publicUrl, clock } = deployment
  const url = new URL('-/session', publicUrl).href
  const prover = hmacProver({ keepsKeys: false, saved: {}, clock, random: randomOf })
  const about = (method: 'GET' | 'DELETE' | 'PUT') => ({ method, url, headers: extra, signal })
  const learn = async (answer: Answer): Promise<Answer> => {
    await prover.learn({ status: answer.status, headers: headersOf(answer) })
    return answer
  }
  const fields = { ...extra, ...(await prover.fields(about('PUT'), undefined)) }
  const opening = await creation(deployment, errand, { signal, fields })
  const id = field(await learn(opening.answer), HEADER.sessionId)
  if (id === '') {
    await giveUp(deployment, opening.resource, signal)
    return undefined
  }
  const ask = async (method: 'GET' | 'DELETE'): Promise<Answer> => {
    const headers = { ...extra, ...(await prover.fields(about(method), id)) }
    return await learn(await http.ask({ method, url, headers }, signal))
  }
  return {
    show: async () => await ask('GET'),
    // Its upload ends with it.
    [Symbol.asyncDispose]: async () => void (await ask('DELETE')),
  }
}

function randomOf(size: number): Uint8Array {
  return Buffer.from(randomId(size), 'base64url')
}

function headersOf({ headers }: Answer): Headers {
  return new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
