import { CLOCK_SKEW, type Instant } from '../../../core/clock.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { failed, ok, skipped } from '../finding.ts'
import { field } from '../http-client.ts'
import { liveAnswer } from '../live-answer.ts'

/** Slots end at a time: servers whose clocks differ refuse what the other one granted. */
export const clockCheck: Check = {
  name: 'clock',
  about: 'the clocks of the server, of the XMPP server and of this machine agree',
  needs: ['gateway'],
  async run(deployment, signal) {
    const clocks = [
      ['the server', await serverSkew(deployment, signal)],
      ['the XMPP server', await xmppSkew(deployment, signal)],
    ] as const
    const known = clocks.filter(([, skew]) => skew !== undefined)
    if (known.length === 0) return skipped('no server tells the time')
    const shown = known.map(([who, skew = 0]) => `${who} ${seconds(skew)}`).join(', ')
    const wrong = known.find(([, skew = 0]) => Math.abs(skew) > CLOCK_SKEW)
    if (wrong === undefined) return ok(`against this machine: ${shown}`)
    return failed(`against this machine: ${shown}; more than ${CLOCK_SKEW / 1000} s ends slots`, {
      where: `the machine whose clock is wrong: ${wrong[0]} or this one`,
      lines: ['timedatectl set-ntp true'],
    })
  },
}

async function serverSkew(
  deployment: Deployment,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { clock } = deployment
  const before = clock()
  const told = Date.parse(field(await liveAnswer(deployment, signal), 'date'))
  return Number.isNaN(told) ? undefined : skewOf(told, { before, after: clock() })
}

/** Nothing if nobody is logged in, or the server keeps its time to itself. */
async function xmppSkew(
  { xmpp, clock }: Deployment,
  signal: AbortSignal,
): Promise<number | undefined> {
  // That nobody can log in is told of elsewhere.
  const account = await xmpp?.().catch(() => undefined)
  const before = clock()
  const told = await account?.time(signal)
  return told === undefined ? undefined : skewOf(told, { before, after: clock() })
}

/** The field `Date` has whole seconds, and was written some time while we waited. */
function skewOf(
  told: Instant,
  { before, after }: { readonly before: Instant; readonly after: Instant },
): number {
  if (told + 1000 < before) return told - before
  return told > after ? told - after : 0
}

function seconds(skew: number): string {
  return skew === 0 ? 'agrees' : `${skew > 0 ? '+' : ''}${Math.round(skew / 1000)} s`
}
