import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { note, skipped } from '../finding.ts'
import { type Answer, field } from '../http-client.ts'

/** A file can be removed by the operator only, so it is said how long the tried ones stay. */
export const leftoversCheck: Check = {
  name: 'leftovers',
  about: 'what becomes of the files that were uploaded for trying',
  needs: ['download'],
  async run(deployment, signal) {
    const desks = new Set([deployment.slots, deployment.xmppSlots])
    const links = [...desks].flatMap((desk) => (desk?.given ?? []).map(({ get }) => get))
    const answers = await Promise.all(
      links.map(async (url) => ({ url, ...(await head(deployment, url, signal)) })),
    )
    const there = answers.filter(({ status }) => status === 200)
    const words = there.map(({ url }) => quoted(new URL(url).href)).join(' ')
    if (links.length === 0) return note('no file was uploaded')
    if (there.length === 0) return skipped('nothing of what was uploaded can be seen')
    const longest = Math.max(...there.map(secondsLeft))
    const end = Number.isNaN(longest) ? 'after retention.max_age' : `in ${span(longest)}`
    const files =
      there.length === 1
        ? 'one small file stays, and is'
        : `${there.length} small files stay, and are`
    return note(`${files} removed ${end} at the latest`, {
      where: 'the machine of the server, to remove them at once',
      lines: [`hmac-file-server files delete --config FILE ${words}`],
    })
  },
}

/** As one word of a shell's line: a link may hold what a shell would obey. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

async function head({ http }: Deployment, url: string, signal: AbortSignal): Promise<Answer> {
  return await http.ask({ method: 'HEAD', url }, signal)
}

/** How long the file is kept, as its `Cache-Control` says; not a number if it does not. */
function secondsLeft(answer: Answer): number {
  const [, seconds] = /max-age=(\d+)/u.exec(field(answer, 'cache-control')) ?? []
  return Number(seconds)
}

function span(seconds: number): string {
  const days = Math.round(seconds / 86_400)
  if (days > 1) return days < 365 ? `${days} days` : 'a year or more'
  return `${Math.round(seconds / 60)} minutes`
}
