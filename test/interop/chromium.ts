import { once } from 'node:events'
import { type RunningProgram, startProgram } from './running-program.ts'
import { tempFolder } from './temp-folder.ts'

/** One page of a browser. */
export interface BrowserPage {
  /** Runs an expression in the page; resolves to the JSON text of what its promise resolves to. */
  readonly run: (expression: string) => Promise<string>
  /** Sends a command of the DevTools protocol that concerns this page. */
  readonly ask: (method: string, params: Fields) => Promise<Fields>
  /** Does what leads to another document, or to the same anew; resolves when that has loaded. */
  readonly reloaded: (act: () => Promise<unknown>) => Promise<void>
  /** What went wrong in the page so far: exceptions that nobody caught, violations of its security policy. */
  readonly problems: () => readonly string[]
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

export type Fields = Readonly<Record<string, unknown>>

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
  /** Calls back whenever a page raises an event. */
  readonly onEvent: (
    listener: (event: { method: string; sessionId: string; params: Fields }) => void,
  ) => void
}

async function connect(address: string, program: RunningProgram): Promise<DevTools> {
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const asked = new Map<number, PromiseWithResolvers<Fields>>()
  const awaited = new Map<string, PromiseWithResolvers<void>>()
  const listeners: Parameters<DevTools['onEvent']>[0][] = []
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const message: Message = JSON.parse(String(data))
    const { id = 0, result = {}, error, method, sessionId, params = {} } = message
    if (method !== undefined && sessionId !== undefined) {
      for (const listener of listeners) listener({ method, sessionId, params })
    }
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
    onEvent: (listener) => void listeners.push(listener),
    [Symbol.dispose]: () => socket.close(),
  }
}

async function openPage(devTools: DevTools, url: string): Promise<BrowserPage> {
  const { targetId } = await devTools.ask('Target.createTarget', { url: 'about:blank' })
  const attached = await devTools.ask('Target.attachToTarget', { targetId, flatten: true })
  const session = String(attached['sessionId'])
  const problems = problemsOf(devTools, session)
  const ask = async (method: string, params: Fields): Promise<Fields> =>
    await devTools.ask(method, params, session)
  const reloaded = async (act: () => Promise<unknown>): Promise<void> => {
    const loaded = devTools.event('Page.loadEventFired', session)
    await act()
    await loaded
  }
  for (const domain of ['Page', 'Runtime', 'Log']) await ask(`${domain}.enable`, {})
  await reloaded(async () => await ask('Page.navigate', { url }))
  return {
    run: async (expression) => await evaluated(devTools, session, expression),
    ask,
    reloaded,
    problems: () => problems,
  }
}

function problemsOf(devTools: DevTools, session: string): readonly string[] {
  const problems: string[] = []
  devTools.onEvent(({ method, sessionId, params }) => {
    if (sessionId !== session) return
    const isViolation = JSON.stringify(params).includes('"source":"security"')
    if (method === 'Runtime.exceptionThrown' || (method === 'Log.entryAdded' && isViolation)) {
      problems.push(JSON.stringify(params))
    }
  })
  return problems
}

async function evaluated(devTools: DevTools, session: string, asked: string): Promise<string> {
  const expression = `(async () => JSON.stringify(await ${asked}))()`
  const params = { expression, awaitPromise: true, returnByValue: true }
  const { result, exceptionDetails } = await devTools.ask('Runtime.evaluate', params, session)
  if (exceptionDetails) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`)
  const { value }: { value: unknown } = { value: undefined, ...Object(result) }
  return String(value)
}
