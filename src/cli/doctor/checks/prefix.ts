import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Finding, failed, ok } from '../finding.ts'
import { type Answer, described } from '../http-client.ts'
import { isAlive } from '../live-answer.ts'
import { inNginx, inOurs, proxyPass } from '../remedies.ts'

const LIVE = '-/health/live'

/** Slots are signed for the path that arrives at the server; one that a proxy changes fits no more. */
export const prefixCheck: Check = {
  name: 'prefix',
  about: "requests arrive with the public URL's path, neither stripped nor doubled",
  needs: ['gateway'],
  async run(deployment, signal) {
    const { publicUrl } = deployment
    const ask = async (url: URL): Promise<Answer> =>
      await deployment.http.ask({ method: 'GET', url: url.href }, signal)
    const answer = await ask(new URL(LIVE, publicUrl))
    if (isAlive(answer)) return ok(`requests arrive below ${publicUrl.pathname}`)
    if (publicUrl.pathname !== '/') {
      const twice = `${publicUrl.pathname}${publicUrl.pathname.slice(1)}${LIVE}`
      if (isAlive(await ask(new URL(twice, publicUrl)))) return stripped(deployment)
      if (isAlive(await ask(new URL(`/${LIVE}`, publicUrl)))) return atRoot(deployment)
    }
    return elsewhere(deployment, answer)
  },
}

function stripped(deployment: Deployment): Finding {
  const { pathname } = deployment.publicUrl
  return failed(
    `the proxy strips ${pathname} from the path, but the server expects it`,
    inNginx(deployment, `${proxyPass(deployment)}  # nothing after the address, not even a slash`),
    {
      where: 'Caddyfile: handle in place of handle_path',
      lines: [`handle ${pathname}* {`],
    },
  )
}

function atRoot({ publicUrl }: Deployment): Finding {
  return failed(
    `the server answers at the root of ${publicUrl.host}, not below ${publicUrl.pathname}`,
    inOurs('server', `public_url = "${publicUrl.href}"`),
  )
}

function elsewhere(deployment: Deployment, answer: Answer): Finding {
  return failed(
    `what answers (${described(answer)}) is not the server, or gets another path than was asked for`,
    {
      where: 'nginx, inside server { }',
      lines: [`location ${deployment.publicUrl.pathname} { ${proxyPass(deployment)} }`],
    },
    inOurs('server', `public_url = "${deployment.publicUrl.href}"`),
  )
}
