import type { IncomingHttpHeaders } from 'node:http'
import { abuse } from '../src/abuse/abuse.ts'
import { abusePolicyOf, gatePolicyOf } from '../src/app/security-settings.ts'
import { type AllSessions, sessionsOver } from '../src/app/sessions.ts'
import { grantSecretsOf } from '../src/app/settings.ts'
import { loadConfig } from '../src/config/load-config.ts'
import { systemClock } from '../src/core/clock.ts'
import { fingerprintOf, parseSlotPath } from '../src/core/slot-path.ts'
import { type Admission, type Gate, type GateRequest, gate } from '../src/gate/gate.ts'
import { grantVerifier } from '../src/grants/verifier.ts'
import { signSlot } from '../src/grants/sign.ts'
import { clientAddressOf, clientAddressPolicy } from '../src/http/client-address.ts'
import type { ShownProof } from '../src/proof/signed-request.ts'
import { memoryCounters } from '../src/stores/memory/counters.ts'
import { memorySessionStore } from '../src/stores/memory/session-store.ts'
import { memorySlotStore } from '../src/stores/memory/slot-store.ts'
import { BenchFailure } from './failure.ts'
import { threatsOf } from '../test/gate/found-threats.ts'
import type { MicroCase } from './micro.ts'
import { type BenchedProofs, REQUEST, answerOf, benchedProofs } from './micro-proof.ts'
import { heapUsed } from './sessions.ts'

/** Requests that take turns. */
const REQUESTS = 2048

/** Sessions whose memory is measured. */
const MEASURED = 20_000

const SIZE = 4096
const PREFIX = '/files/'
const SECRET = 'the-gate-of-the-benchmark-4f1c'
const AGENT = 'Conversations/2.17.0 (Android 15)'

const CLIENT = clientAddressOf(
  { kind: 'ip', address: REQUEST.address },
  {},
  clientAddressPolicy({ source: 'peer', trustedProxies: [] }),
)

/** The way in without anything that remembers clients. */
const WITHOUT = ['session_store.enabled=false', 'security.enhanced_security=false']

function none(): void {}

function networkName({ network }: typeof CLIENT): string {
  return network
}

interface BenchedGate extends BenchedProofs {
  readonly gate: Gate
  readonly sessions: AllSessions
}

async function benchedGate(flags: readonly string[] = []): Promise<BenchedGate> {
  const all = [`grants.v1_secret=${SECRET}`, ...flags]
  const { config } = loadConfig({ flags: all, env: {}, cwd: '/' })
  const benched = await benchedProofs()
  const silent = { opened: none, networkChanged: none, expired: none, evicted: none, noRoom: none }
  const { enabled: isEnabled, maxSessionAge: maxAge } = config.sessionStore
  const sessions = sessionsOver(
    { sessions: memorySessionStore(), slots: memorySlotStore() },
    silent,
    {
      policy: () => ({ isEnabled, maxAge, maxSessions: 1_000_000 }),
      networkName,
    },
  )
  const [policy, limits] = [gatePolicyOf(config), abusePolicyOf(config)]
  const made = gate({
    ...benched,
    grants: grantVerifier(grantSecretsOf(config), systemClock),
    sessions: sessions.slots,
    bound: sessions.bound,
    abuse: abuse({ failures: memoryCounters(), uploads: memoryCounters(), policy: () => limits }),
    anomalies: { isOn: () => false, look: () => undefined, learn() {}, failed() {} },
    places: { find: () => undefined },
    events: {
      decided: none,
      unproved: none,
      bound: none,
      bindingRefused: none,
      refreshed: none,
      refreshRefused: none,
      ended: none,
      threatFound: none,
      threatLifted: none,
    },
    threats: threatsOf(config),
    clock: systemClock,
    policy: () => policy,
    prefix: PREFIX,
    networkName,
    userOf: ({ user }) => user,
    isUsed: async () => false,
    findSlot: async () => undefined,
  })
  return { ...benched, gate: made, sessions }
}

function requestOf(method: string, url: string, headers: IncomingHttpHeaders): GateRequest {
  const [rawPath = '', queryText = ''] = url.split('?')
  const target = { rawPath, queryText, query: new URLSearchParams(queryText) }
  const fields = { 'user-agent': AGENT, ...headers }
  return { client: CLIENT, method, headers: fields, target, adorn: () => {} }
}

function slotPut(at: number): GateRequest {
  const text = `aB3/${at}/photo.jpg`
  const slot = { path: parseSlotPath(text), size: SIZE, expiresAt: 0 }
  const { query = '' } = signSlot('v1', slot, Buffer.from(SECRET))
  return requestOf('PUT', `${text}?${query}`, { 'content-type': 'image/jpeg' })
}

const NOTHING: AsyncDisposable = { [Symbol.asyncDispose]: async () => {} }

/** A PUT of a slot, again and again, each time let in; what `use` does is measured, too. */
function puts(
  name: string,
  flags: readonly string[],
  use: (sessions: AllSessions, admission: Admission) => Promise<unknown>,
): Omit<MicroCase, 'above'> {
  return {
    name,
    prepare: async () => {
      const { gate: made, sessions } = await benchedGate(flags)
      const requests = Array.from({ length: REQUESTS }, (_, at) => slotPut(at))
      const admit = async (request: GateRequest): Promise<unknown> =>
        await made.admit(
          request,
          { size: SIZE },
          async (admission) => await use(sessions, admission),
        )
      return {
        call: (index) => {
          const request = requests[index % REQUESTS]
          return request && admit(request)
        },
        ...NOTHING,
      }
    },
  }
}

/** A new upload from begin to end, as far as its session knows of it. */
async function begun({ slots }: AllSessions, { grant }: Admission): Promise<void> {
  slots.opened(grant.fingerprint)
  slots.ended(grant.fingerprint)
}

/** An upload that goes on: gate and level are asked. */
async function goesOn(_sessions: AllSessions, { grant, passage }: Admission): Promise<void> {
  const past = { openedAt: systemClock(), network: CLIENT.network, uploads: [] }
  await passage.judge?.({ ...grant, state: 'open', ...past }, { reopens: false })
}

const UPLOAD = puts('new upload let in, without sessions and levels', WITHOUT, begun)
const AGAIN = puts('upload that goes on, without sessions and levels', WITHOUT, goesOn)

/** Opens a session as a creation does, and returns its id. */
async function openSession({ sessions, keys }: BenchedGate, at: number): Promise<string> {
  const slot = fingerprintOf(parseSlotPath(`bound/${at}`))
  const binding = { key: 'hmac', kid: keys.kid, user: 'romeo@montague.example' } as const
  const visitor = { client: CLIENT, userAgent: AGENT }
  const opened = await sessions.bound.open({ slot, visitor, binding })
  if (opened === undefined) throw new BenchFailure('A session was not opened.')
  return opened.id
}

const RESOURCE = REQUEST.target.slice(PREFIX.length)

/** What the client of a session shows with the request of the benchmark. */
interface Shown {
  readonly shown: ShownProof
  readonly request: GateRequest
}

/** Requests with right proofs, and what is done with each. */
function proofs(
  name: string,
  doWith: (benched: BenchedGate, each: Shown) => Promise<boolean>,
): Omit<MicroCase, 'above'> {
  return {
    name,
    prepare: async () => {
      const benched = await benchedGate()
      const all: Shown[] = []
      for (let at = 0; at < REQUESTS; at += 1) all.push(await shownAt(at, benched))
      const check = async (each: Shown): Promise<void> => {
        if (!(await doWith(benched, each))) throw new BenchFailure('A right proof was refused.')
      }
      return {
        call: (index) => {
          const each = all[index % REQUESTS]
          return each && check(each)
        },
        ...NOTHING,
      }
    },
  }
}

async function shownAt(at: number, benched: BenchedGate): Promise<Shown> {
  const { keys } = benched
  const id = await openSession(benched, at)
  const shown = answerOf(id, keys.sessionKey(keys.kid, id) ?? Buffer.alloc(0), benched)
  const fields = { 'x-session-id': id, 'x-challenge-response': shown.answer }
  const headers = { 'upload-offset': REQUEST.offset, ...fields }
  return { shown, request: requestOf(REQUEST.method, RESOURCE, headers) }
}

const PROOF = proofs(
  'proof checked and the next challenge made, without a gate',
  async (benched, { shown }) => {
    const { keys, proofs: made } = benched
    const { sessionId = '' } = shown
    const key = keys.sessionKey(keys.kid, sessionId)
    const { kind } = await made.checkAnswer(shown, REQUEST, key)
    return kind === 'proved' && made.challenge(sessionId, REQUEST, 'next') !== ''
  },
)

const PROVED = proofs(
  'proved request let in, with its session and level',
  async ({ gate: made }, { request }) =>
    await made.enter(request, async ({ session }) => session !== undefined),
)

/** What sessions and levels cost a request at the gate. */
export const GATE_CASES: readonly MicroCase[] = [
  UPLOAD,
  {
    ...puts('new upload let in, with its session from begin to end', [], begun),
    above: { name: UPLOAD.name, limit: 8 },
  },
  AGAIN,
  {
    ...puts('upload that goes on, with its session and level', [], goesOn),
    above: { name: AGAIN.name, limit: 8 },
  },
  PROOF,
  { ...PROVED, above: { name: PROOF.name, limit: 8 } },
]

/** Bytes of memory that a session with a key takes with the `memory` backend. */
export async function boundSessionBytes(): Promise<number> {
  const benched = await benchedGate()
  const before = heapUsed()
  for (let at = 0; at < MEASURED; at += 1) await openSession(benched, at)
  const used = (heapUsed() - before) / MEASURED
  if (benched.sessions.count() < MEASURED) throw new BenchFailure('Sessions are missing.')
  return used
}
