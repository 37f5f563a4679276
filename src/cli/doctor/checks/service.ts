import { showSize } from '../../../config/quantity.ts'
import { showListenAddress } from '../../../config/address-kinds.ts'
import { prosodyExternal, ejabberd } from '../../snippets/xmpp-servers.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { NO_ACCOUNT, type Finding, type Remedy, failed, ok, warning } from '../finding.ts'
import type { UploadService } from '../xmpp-account.ts'

/** Clients find where to upload by discovery; what they do not find they do not offer. */
export const serviceCheck: Check = {
  name: 'service',
  about: 'discovery finds the upload service, and its largest file is that of the server',
  needs: ['login'],
  async run(deployment, signal) {
    if (deployment.xmpp === undefined) return NO_ACCOUNT
    const account = await deployment.xmpp()
    const service = await account.service(signal)
    if (service !== undefined) return judged(deployment, service)
    const domain = account.jid.replace(/^.*@|\/.*$/gu, '')
    return failed(
      `${domain} announces no upload service: clients show no way to send a file`,
      ...announcing(deployment, domain),
    )
  },
}

/** Both servers list a component of their domain by themselves, if it is a subdomain. */
function announcing({ publicUrl, config }: Deployment, domain: string): readonly Remedy[] {
  const [first] = config?.server.listen ?? []
  const site = {
    publicUrl,
    secret: 'the text of grants.v2_secret (ejabberd: v1_secret)',
    upstream: first === undefined ? '' : showListenAddress(first),
    maxFileSize: config?.storage.maxFileSize ?? 100 * 1024 * 1024,
  }
  const [prosody, other] = [prosodyExternal(site), ejabberd(site)]
  return [
    {
      where: 'Prosody, prosody.cfg.lua',
      lines: prosody.text
        .trimEnd()
        .replace(/^Component "[^"]*"/u, `Component "upload.${domain}"`)
        .split('\n'),
    },
    {
      where: `Prosody, below VirtualHost "${domain}", if the component is not upload.${domain} but elsewhere`,
      lines: ['disco_items = { { "THE-COMPONENT" } }'],
    },
    { where: 'ejabberd, ejabberd.yml, below modules:', lines: other.text.trimEnd().split('\n') },
  ]
}

function judged({ config }: Deployment, { jid, maxFileSize }: UploadService): Finding {
  const ours = config?.storage.maxFileSize
  if (maxFileSize === undefined) return ok(`${jid} announces no largest file`)
  const shown = `${jid} announces files up to ${showSize(maxFileSize)}`
  if (ours === undefined) return ok(`${shown}; with --config it is compared with the server's`)
  if (ours === maxFileSize) return ok(`${shown}, which the server takes`)
  const ends = [
    {
      where: 'Prosody, prosody.cfg.lua',
      lines: [`http_upload_external_file_size_limit = ${ours}`],
    },
    { where: 'Prosody with mod_http_file_share', lines: [`http_file_share_size_limit = ${ours}`] },
    { where: 'ejabberd, mod_http_upload', lines: [`max_size: ${ours}`] },
  ]
  return maxFileSize > ours
    ? failed(`${shown}, the server takes ${showSize(ours)}: larger ones end with 413`, ...ends)
    : warning(`${shown}, the server would take ${showSize(ours)}`, ...ends)
}
