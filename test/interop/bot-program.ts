import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { type RunningProgram, startProgram } from './running-program.ts'
import { PASSWORD, type XmppHost } from './xmpp-server.ts'

const ROOT = join(import.meta.dirname, '../..')

/** What the package exports, from its sources. */
const EXPORTS = { client: 'src/client/node/main.ts', xmpp: 'src/client/xmpp/main.ts' }

/** Starts the bot of `examples/bot`, copied to `folder`, as `jid`; resolves when it answers. */
export async function startBot(
  folder: string,
  host: XmppHost,
  jid: string,
): Promise<RunningProgram> {
  const place = join(folder, 'bot')
  await cp(join(ROOT, 'examples/bot'), place, { recursive: true })
  await installDependencies(join(place, 'node_modules'))
  const program = startProgram(process.execPath, [join(place, 'bot.mjs')], {
    cwd: place,
    env: {
      BOT_JID: jid,
      BOT_PASSWORD: PASSWORD,
      BOT_SERVICE: `xmpp://127.0.0.1:${host.port}`,
      NODE_EXTRA_CA_CERTS: host.caFile,
    },
  })
  await program.line(/ answers$/)
  return program
}

async function installDependencies(modules: string): Promise<void> {
  const ours = join(modules, 'hmac-file-server')
  await mkdir(ours, { recursive: true })
  await symlink(join(ROOT, 'node_modules/@xmpp'), join(modules, '@xmpp'))
  const names = Object.keys(EXPORTS)
  const exports = Object.fromEntries(names.map((name) => [`./${name}`, `./${name}.mjs`]))
  await writeFile(join(ours, 'package.json'), JSON.stringify({ type: 'module', exports }))
  for (const [name, source] of Object.entries(EXPORTS)) {
    const { href } = pathToFileURL(join(ROOT, source))
    await writeFile(join(ours, `${name}.mjs`), `export * from ${JSON.stringify(href)}\n`)
  }
}
