import { CLOCK_SKEW, type Instant } from '../../../core/clock.ts'
import { HEADER } from '../../../wire/header-names.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok, skipped } from '../finding.ts'
import { field } from '../http-client.ts'
import { liveAnswer } from '../live-answer.ts'

/** Who tells the time, and how far from ours, in milliseconds; or why that is not known. */
interface Told {
  readonly who: string
  readonly skew: number | string
}

const SERVER = 'the server'

/** Slots end at a time: servers whose clocks differ refuse what the other one granted. */
export const clockCheck: Check = {
  name: 'clock',
  about: 'the clocks of the server, of the XMPP server and of this machine agree',
  needs: ['gateway'],
  async run(deployment, signal) {
    return judged([
      await front(deployment, signal),
      { who: SERVER, skew: await serverSkew(deployment, signal) },
      { who: 'the XMPP server', skew: await xmppSkew(deployment, signal) },
    ])
  },
}

/** Nothing is right as long as nobody knows the server's own clock. */
function judged(clocks: readonly Told[]): Finding {
  const known = clocks.flatMap(({ who, skew }) => (typeof skew === 'number' ? [{ who, skew }] : []))
  const shown = `against this machine: ${clocks.map(({ who, skew }) => `${who} ${inWords(skew)}`).join(', ')}`
  const wrong = known.filter(({ skew }) => Math.abs(skew) > CLOCK_SKEW).map(({ who }) => who)
  if (wrong.length === 0)
    return known.some(({ who }) => who === SERVER) ? ok(shown) : skipped(shown)
  return failed(`${shown}; more than ${CLOCK_SKEW / 1000} s ends slots`, {
    where: `the machine whose clock is wrong: ${wrong.join(', ')}, or this one`,
    lines: ['timedatectl set-ntp true'],
  })
}

function inWords(skew: number | string): string {
  if (typeof skew === 'string') return `unknown (${skew})`
  return skew === 0 ? 'agrees' : `${skew > 0 ? '+' : ''}${Math.round(skew / 1000)} s`
}

/** `Date` is the proxy's where one writes it anew, as nginx does. */
async function front(deployment: Deployment, signal: AbortSignal): Promise<Told> {
  const { clock } = deployment
  const before = clock()
  const answer = await liveAnswer(deployment, signal)
  const skew = skewOf(Date.parse(field(answer, 'date')), { before, after: clock() })
  return { who: field(answer, 'server') || 'what answers', skew }
}

/** A file is as old as the server says: proxies pass `Last-Modified` on as it is. */
async function serverSkew(deployment: Deployment, signal: AbortSignal): Promise<number | string> {
  try {
    const { slot, answer, sentAt } = await deployment.upload(signal)
    if (answer.status !== 201) return 'nothing was uploaded'
    const file = await deployment.http.ask({ method: 'HEAD', url: slot.get }, signal)
    const told = Date.parse(field(file, HEADER.lastModified))
    return skewOf(told, { before: sentAt, after: deployment.clock() })
  } catch {
    signal.throwIfAborted()
    // Why, other checks tell.
    return 'nothing was uploaded'
  }
}

async function xmppSkew(
  { xmpp, clock }: Deployment,
  signal: AbortSignal,
): Promise<number | string> {
  if (xmpp === undefined) return 'no account'
  // That nobody can log in is told of elsewhere.
  const account = await xmpp().catch(() => undefined)
  if (account === undefined) return 'no login'
  const before = clock()
  const told = await account.time(signal)
  return skewOf(told ?? Number.NaN, { before, after: clock() })
}

/** What is told has whole seconds, and is from some time while we waited. */
function skewOf(
  told: Instant,
  { before, after }: { readonly before: Instant; readonly after: Instant },
): number | string {
  if (Number.isNaN(told)) return 'it does not tell'
  if (told + 1000 < before) return told - before
  return told > after ? told - after : 0
}
