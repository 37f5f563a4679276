import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'
import type { UploadingClient } from './uploading-client.ts'
import { PASSWORD, type XmppHost } from './xmpp-server.ts'

const run = promisify(execFile)

/** profanity in a terminal of its own, logged in, with a chat open to nobody yet. */
export async function profanity(
  host: XmppHost,
  env: Readonly<Record<string, string>> = {},
): Promise<UploadingClient> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('profanity'))
  const jid = `profanity@${host.domain}`
  const terminal = await openTerminal(folder.path, env)
  stack.use(terminal)
  await terminal.shows(/Welcome to Profanity|help/i)
  await terminal.type(`/account add a1`)
  const settings = [`jid ${jid}`, `server 127.0.0.1`, `port ${host.port}`, `password ${PASSWORD}`]
  for (const setting of settings) await terminal.type(`/account set a1 ${setting}`)
  await terminal.type('/account set a1 tls trust')
  await terminal.type('/connect a1')
  await terminal.shows(/logged in successfully/)
  // It looks for the upload service by itself and refuses to send before it has found it, and says
  // nothing when it has. Answers come in order: when these two are in, so are those to its own questions.
  await terminal.type(`/disco items ${host.domain}`)
  await terminal.shows(/Service discovery items for/)
  await terminal.type(`/disco info ${host.uploadService}`)
  await terminal.shows(/Service disco(very)? info for/i)
  const running = stack.move()
  let chatOpen = false
  return {
    jid,
    log: terminal.screen,
    async upload(path, to) {
      // /sendfile belongs to the window of a chat.
      if (!chatOpen) await terminal.type(`/msg ${to} hello`)
      chatOpen = true
      await terminal.type(`/sendfile "${path}"`)
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

interface Terminal extends AsyncDisposable {
  readonly type: (line: string) => Promise<void>
  /** Waits until the screen shows a match. */
  readonly shows: (pattern: RegExp) => Promise<void>
  readonly screen: () => Promise<string>
}

async function openTerminal(
  folder: string,
  extraEnv: Readonly<Record<string, string>>,
): Promise<Terminal> {
  const folders = { XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: join(folder, 'data') }
  for (const path of Object.values(folders)) await mkdir(path, { recursive: true })
  const env = { ...extraEnv, ...folders, HOME: folder, LC_ALL: 'C.UTF-8', TERM: 'screen' }
  const socket = join(folder, 'tmux.sock')
  // -N: a client that is too early must not start a server of its own, which nobody would end.
  const tmux = async (...args: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-u', '-N', '-S', socket, ...args], {
      env: { ...process.env, ...env },
    })
    return stdout
  }
  // -D keeps the tmux server in the foreground: a child like any other, ended by its pid.
  const server = startProgram('tmux', ['-u', '-S', socket, '-f', '/dev/null', '-D'], { env })
  await eventually('tmux listens', async () => {
    await tmux('new-session', '-d', '-x', '500', '-y', '60', 'profanity')
    return true
  })
  const screen = async (): Promise<string> => await tmux('capture-pane', '-p')
  return {
    async type(line) {
      await tmux('send-keys', '-l', line)
      await tmux('send-keys', 'Enter')
    },
    async shows(pattern) {
      await eventually(`profanity shows ${pattern}`, async () => {
        return pattern.test(await screen()) ? true : undefined
      })
    },
    screen,
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  }
}
