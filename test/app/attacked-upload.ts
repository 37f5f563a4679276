import assert from 'node:assert/strict'
import { type SignedPut, signedPut } from './slots.ts'
import { BODY, MOBILE, PATH, WIFI, last, opened, opening } from './bound-uploads.ts'
import { head } from './rufh-client.ts'
import {
  type HeldSession,
  PUBLIC_URL,
  askProved,
  freshChallenge,
  proof,
  proved,
} from './session-client.ts'
import { type Line, type Site, auditOf, startSite, stored } from './site.ts'
import { contentOf } from './visits.ts'
import { type RawRequest, type Wire, dial, headOf } from './wire-client.ts'

export const OWNER = WIFI
/** Of the owner's network. */
export const NEIGHBOUR = '127.0.0.3'
export const STRANGER = MOBILE

/** An upload of somebody with a session, half of whose bytes are on their way, and what a thief has of it. */
export interface AttackedUpload {
  readonly site: Site
  /** The slot: whoever shows this has the grant. */
  readonly put: SignedPut
  /** The upload resource. */
  readonly target: string
  readonly session: HeldSession
  /** A request of the owner that was answered. */
  readonly captured: RawRequest
  /** A fresh challenge for the session. */
  readonly challenge: () => Promise<string>
  /** The fields of a right proof that the owner made for a request which never arrived. */
  readonly intercepted: (request: RawRequest) => Promise<RawRequest['headers']>
  /** The owner sends the other half on the connection on which the first one came, and has its file. */
  readonly end: () => Promise<void>
}

/** A slot of a user, whose grant stands in `Authorization`. */
export function slotOf(user = 'romeo@montague.example', path = PATH, body = BODY): SignedPut {
  return signedPut(path, body, { scheme: 'jwt', user })
}

/** Begins the upload and leaves its owner in the middle of it. */
export async function attackedUpload(site: Site): Promise<AttackedUpload & Disposable> {
  const put = slotOf()
  const { target, session: told } = await opened(site, opening(undefined, put))
  const captured = proved({ ...head(target, 8), from: OWNER }, told)
  const { reply, session } = await askProved(site, { ...head(target, 8), from: OWNER }, told)
  assert.equal(reply.status, 204)
  const wire = await halfOf(site, target, session)
  const challenge = async (): Promise<string> => await freshChallenge(site, session)
  return {
    site,
    put,
    target,
    session,
    captured,
    challenge,
    intercepted: async (request) => proof(request, session, await challenge()),
    async end(): Promise<void> {
      wire.send(BODY.subarray(5))
      await wire.until('HTTP/1.1 201 ')
      assert.deepEqual(await contentOf(site, PATH), BODY)
    },
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  }
}

async function halfOf(site: Site, target: string, session: HeldSession): Promise<Wire> {
  const wire = await dial(site.port, OWNER)
  wire.send(headOf(proved(last(target), session)))
  wire.send(BODY.subarray(0, 5))
  await stored(site, 5)
  return wire
}

/** Runs a site with an upload under way; after the attack its owner goes on as if nothing had been. Resolves to the audit trail. */
export async function survived(
  attack: (upload: AttackedUpload) => Promise<void>,
  flags: readonly string[] = [],
): Promise<readonly Line[]> {
  await using site = await startSite([PUBLIC_URL, ...flags])
  using upload = await attackedUpload(site)
  await attack(upload)
  await upload.end()
  await site.server.shutdown()
  const lines = await auditOf(site.folder)
  const { id, key, next } = upload.session
  const [, grant = ''] = upload.put.headers['Authorization']?.split(' ') ?? []
  for (const secret of [id, key, next, grant, upload.target]) {
    assert.ok(!`${site.log()}${JSON.stringify(lines)}`.includes(secret), 'a secret was logged')
  }
  return lines
}
