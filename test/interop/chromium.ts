import { once } from 'node:events'
import { type RunningProgram, startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

/** One page of a browser. */
export interface BrowserPage {
  /** Runs an expression in the page; resolves to the JSON text of what its promise resolves to. */
  readonly run: (expression: string) => Promise<string>
}

/** Chromium without a screen. */
export interface Chromium extends AsyncDisposable {
  /** Opens a page; resolves when it has loaded. */
  readonly open: (url: string) => Promise<BrowserPage>
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
  // Nothing but loopback: every other name and address is unknown.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
]

/** Starts Debian's Chromium with a profile of its own. */
export async function startChromium(): Promise<Chromium> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('chromium')).path
  const args = [...FLAGS, `--user-data-dir=${folder}`, 'about:blank']
  const program = stack.use(startProgram('chromium', args, { env: { HOME: folder } }))
  const [, address = ''] = await program.line(/^DevTools listening on (ws:.+)$/)
  const devTools = stack.use(await connect(address, program))
  const running = stack.move()
  return {
    open: async (url) => await openPage(devTools, url),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

type Fields = Readonly<Record<string, unknown>>

/** What the DevTools protocol sends: the answer to a command, or an event of a page. */
interface Message {
  readonly id?: number
  readonly sessionId?: string
  readonly method?: string
  readonly params?: Fields
  readonly result?: Fields
  readonly error?: { readonly message: string }
}

interface DevTools extends Disposable {
  readonly ask: (method: string, params: Fields, sessionId?: string) => Promise<Fields>
  /** Resolves when a page has raised an event. */
  readonly event: (method: string, sessionId: string) => Promise<void>
}

async function connect(address: string, program: RunningProgram): Promise<DevTools> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const asked = new Map<number, PromiseWithResolvers<Fields>>()
  const awaited = new Map<string, PromiseWithResolvers<void>>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data))
    const { id = 0, result = {}, error, method, sessionId } = message
    awaited.get(`${sessionId} ${method}`)?.resolve()
    if (error) asked.get(id)?.reject(new Error(error.message))
    else asked.get(id)?.resolve(result)
    asked.delete(id)
  })
  socket.addEventListener('close', () => {
    const gone = new Error(`Chromium is gone:\n${program.log()}`)
    for (const { reject } of [...asked.values(), ...awaited.values()]) reject(gone)
  })
  return {
    ask: async (method, params, sessionId) => {
      last += 1
      const answer = Promise.withResolvers<Fields>()
      asked.set(last, answer)
      socket.send(JSON.stringify({ id: last, method, params, sessionId }))
      return await answer.promise
    },
    event: async (method, sessionId) => {
      const raised = Promise.withResolvers<void>()
      awaited.set(`${sessionId} ${method}`, raised)
      await raised.promise
    },
    [Symbol.dispose]: () => socket.close(),
  }
}

async function openPage(devTools: DevTools, url: string): Promise<BrowserPage> {
  const { targetId } = await devTools.ask('Target.createTarget', { url: 'about:blank' })
  const attached = await devTools.ask('Target.attachToTarget', { targetId, flatten: true })
  const session = String(attached['sessionId'])
  await devTools.ask('Page.enable', {}, session)
  const loaded = devTools.event('Page.loadEventFired', session)
  await devTools.ask('Page.navigate', { url }, session)
  await loaded
  return { run: async (expression) => await evaluated(devTools, session, expression) }
}

async function evaluated(devTools: DevTools, session: string, asked: string): Promise<string> {
  const expression = `(async () => JSON.stringify(await ${asked}))()`
  const params = { expression, awaitPromise: true, returnByValue: true }
  const { result, exceptionDetails } = await devTools.ask('Runtime.evaluate', params, session)
  if (exceptionDetails) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`)
  const { value }: { value: unknown } = { value: undefined, ...Object(result) }
  return String(value)
}
