import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The server's address, the same from every network. */
const SERVER = '10.77.0.1'

/** The phone's ways to the server: which /24, and what of it is the router. */
const NETWORKS = { wifi: '10.77.1', mobile: '10.77.2' } as const

type NetworkName = keyof typeof NETWORKS

/** Two namespaces of their own, joined by two cables; nothing of this machine's network is in them. */
export interface PhoneAndServer extends AsyncDisposable {
  readonly serverAddress: string
  /** The namespace in which the server has to be started. */
  readonly serverSpace: string
  /** A command as it has to be started to run on the phone. */
  readonly onPhone: (command: readonly string[]) => readonly [string, ...string[]]
  /**
   * The phone gets an address of this network, then loses the one it had, which nobody is told: the link goes down,
   * and the server's connections to the old address stay open and silent.
   */
  readonly join: (network: NetworkName, host: number) => Promise<string>
}

/** Makes both, with the phone in no network. Fails with the reason where namespaces are not permitted. */
export async function phoneAndServer(): Promise<PhoneAndServer> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await namespace(`hfs-server-${process.pid}`)).name
  const phone = stack.use(await namespace(`hfs-phone-${process.pid}`)).name
  await ip(`-n ${server} addr add ${SERVER}/32 dev lo`)
  for (const [name, prefix] of Object.entries(NETWORKS)) {
    await ip(`link add ${name} netns ${phone} type veth peer name ${name} netns ${server}`)
    await ip(`-n ${server} addr add ${prefix}.1/24 dev ${name}`)
    await ip(`-n ${server} link set ${name} up`)
  }
  let left: { readonly network: NetworkName; readonly address: string } | undefined
  const made = stack.move()
  return {
    serverAddress: SERVER,
    serverSpace: server,
    onPhone: (command) => ['ip', 'netns', 'exec', phone, ...command],
    async join(network, host) {
      const prefix = NETWORKS[network]
      const address = `${prefix}.${host}`
      await ip(`-n ${phone} link set ${network} up`)
      await ip(`-n ${phone} addr add ${address}/24 dev ${network}`)
      await ip(`-n ${phone} route replace default via ${prefix}.1 dev ${network}`)
      if (left) {
        await ip(`-n ${phone} addr del ${left.address}/24 dev ${left.network}`)
        await ip(`-n ${phone} link set ${left.network} down`)
      }
      left = { network, address }
      return address
    },
    [Symbol.asyncDispose]: async () => await made.disposeAsync(),
  }
}

async function namespace(name: string): Promise<AsyncDisposable & { readonly name: string }> {
  try {
    await ip(`netns add ${name}`)
  } catch (cause) {
    const needs = 'this suite makes network namespaces: it has to run as root, on Linux, unconfined'
    throw new Error(needs, { cause })
  }
  await ip(`-n ${name} link set lo up`)
  return { name, [Symbol.asyncDispose]: async () => await ip(`netns del ${name}`) }
}

async function ip(words: string): Promise<void> {
  await run('ip', words.split(' '))
}
