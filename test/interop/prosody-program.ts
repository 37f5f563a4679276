import { chown, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type RunningProgram, startProgram } from './running-program.ts'
import { accountOf, tempFolder } from './temp-folder.ts'
import { throwawayCa } from './throwaway-ca.ts'
import { ACCOUNTS, PASSWORD } from './xmpp-server.ts'

/** A Prosody of a test's own, with a folder, accounts, and a certificate from an authority that nobody else knows. */
export interface ProsodyProgram extends AsyncDisposable {
  readonly program: RunningProgram
  readonly caFile: string
}

/** What is special about it. */
export interface ProsodyPlan {
  readonly name: string
  /** The certificate's; each has all accounts. */
  readonly domains: readonly string[]
  /** Where clients log in. */
  readonly port: number
  /** It is ready when this service is. */
  readonly service: 'c2s' | 'http'
  /** Files beside its configuration, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Of its process, beside the test's own. */
  readonly env?: Readonly<Record<string, string>>
  /** The rest of its configuration: options, then hosts. */
  readonly config: (folder: string) => string
}

export async function startProsodyProgram(plan: ProsodyPlan): Promise<ProsodyProgram> {
  await using stack = new AsyncDisposableStack()
  const owner = accountOf('prosody')
  const folder = stack.use(await tempFolder(plan.name, owner)).path
  const data = join(folder, 'data')
  // At a login Prosody may replace a password by a salted hash; it keeps what users publish beside them.
  for (const domain of plan.domains) {
    const accounts = await writeAccounts(data, domain)
    for (const path of [accounts, dirname(accounts)]) await chown(path, owner.uid, owner.gid)
  }
  await chown(data, owner.uid, owner.gid)
  const files = Object.entries(plan.files ?? {})
  for (const [name, text] of files) await writeFile(join(folder, name), text)
  const ca = await throwawayCa(folder)
  const certificate = await ca.issue([...plan.domains])
  const configFile = join(folder, 'prosody.cfg.lua')
  await writeFile(
    configFile,
    `
data_path = "${data}"
plugin_paths = { "/usr/lib/prosody/modules" }
certificates = "${folder}"
interfaces = { "127.0.0.1" }; local_interfaces = { "127.0.0.1" }
c2s_ports = { ${plan.port} }; c2s_direct_tls_ports = {}; s2s_ports = {}; https_ports = {}
modules_disabled = { "s2s"; "offline" }
storage = "internal"
log = { { levels = { min = "info" }, to = "console" } }
ssl = { key = "${certificate.keyFile}"; certificate = "${certificate.certFile}" }
${plan.config(folder)}
`,
  )
  const program = stack.use(
    startProgram('prosody', ['-F', '--config', configFile], { ...owner, env: plan.env ?? {} }),
  )
  await program.line(new RegExp(`Activated service '${plan.service}'`))
  const running = stack.move()
  return {
    program,
    caFile: ca.caFile,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** Accounts as `internal_plain` keeps them: quicker than one `prosodyctl` after another. Returns their folder. */
async function writeAccounts(data: string, domain: string): Promise<string> {
  const accounts = join(data, domain.replaceAll('.', '%2e'), 'accounts')
  await mkdir(accounts, { recursive: true })
  for (const name of ACCOUNTS) {
    const file = join(accounts, `${name.replaceAll('-', '%2d')}.dat`)
    await writeFile(file, `return { ["password"] = "${PASSWORD}"; };\n`)
  }
  return accounts
}
