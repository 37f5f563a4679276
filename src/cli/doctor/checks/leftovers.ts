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
    const answers = await Promise.all(links.map(async (url) => await head(deployment, url, signal)))
    const [there, ...more] = answers.filter(({ status }) => status === 200)
    if (there === undefined) return skipped('no file was uploaded')
    const count = more.length + 1
    const [, seconds] = /max-age=(\d+)/u.exec(field(there, 'cache-control')) ?? []
    const end = seconds === undefined ? 'after retention.max_age' : `in ${span(Number(seconds))}`
    const files =
      count === 1 ? 'one small file stays, and is' : `${count} small files stay, and are`
    return note(`${files} removed ${end}`, {
      where: 'the machine of the server, to remove them at once',
      lines: [`hmac-file-server files delete --config FILE ${links.join(' ')}`],
    })
  },
}

async function head({ http }: Deployment, url: string, signal: AbortSignal): Promise<Answer> {
  return await http.ask({ method: 'HEAD', url }, signal)
}

function span(seconds: number): string {
  const days = Math.round(seconds / 86_400)
  if (days > 1) return days < 365 ? `${days} days` : 'a year or more'
  return `${Math.round(seconds / 60)} minutes`
}
