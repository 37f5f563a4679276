import type { Config } from '../../config/options.ts'
import type { Clock } from '../../core/clock.ts'
import type { Credentials } from '../xmpp/login.ts'
import { addressesOf } from './addresses.ts'
import type { Deployment, Upload } from './deployment.ts'
import { httpClient } from './http-client.ts'
import { type SlotDesk, ownSlots, xmppSlots } from './slot-desk.ts'
import { type TestFile, testFile, testPage } from './test-file.ts'
import { errandFor, plainUpload } from './uploading.ts'
import { triedAddresses } from './tried-addresses.ts'
import { openAccount } from './xmpp-account.ts'

/** What is known of a deployment before it is examined. */
export interface DeploymentFacts {
  readonly publicUrl: URL
  readonly config: Config | undefined
  readonly credentials: Credentials | undefined
  /** The slot of the command line. */
  readonly given: SlotDesk | undefined
  readonly clock: Clock
  /** To be used in place of what DNS says. */
  readonly addresses?: readonly string[] | undefined
}

/** Of the file that the checks of downloads share, in bytes. */
const PAGE_SIZE = 96 * 1024

/** A deployment to examine; on disposal its account is logged out. */
export function openDeployment(
  facts: DeploymentFacts,
  signal: AbortSignal,
): Deployment & AsyncDisposable {
  const { publicUrl, config, credentials, given, clock, addresses } = facts
  const stack = new AsyncDisposableStack()
  const xmpp =
    credentials === undefined
      ? undefined
      : once(async () => stack.use(await openAccount(credentials, signal)))
  const realSlots = xmpp === undefined ? undefined : xmppSlots(xmpp)
  const deployment: Deployment = {
    publicUrl,
    config,
    clock,
    xmpp,
    http: httpClient({ host: publicUrl.hostname, addresses }),
    addresses: once(async () => addresses ?? (await addressesOf(publicUrl))),
    tried: once(async (during: AbortSignal) => await triedAddresses(deployment, during)),
    xmppSlots: realSlots,
    slots: given ?? ownDesk(facts) ?? realSlots,
    upload: once(async (during: AbortSignal): Promise<Upload> => {
      const errand = await errandFor(deployment.slots, sharedFile(deployment), during)
      return await plainUpload(deployment, errand, during)
    }),
  }
  return { ...deployment, [Symbol.asyncDispose]: async () => await stack.disposeAsync() }
}

/** Signed here: they cost the users of the XMPP server nothing. */
function ownDesk({ publicUrl, config, clock }: DeploymentFacts): SlotDesk | undefined {
  return config === undefined ? undefined : ownSlots(publicUrl, config, clock)
}

function sharedFile({ slots }: Deployment): TestFile {
  const only = slots?.only
  return only === undefined ? testPage(PAGE_SIZE) : testFile(only.size, only.type)
}

/** Works once, and gives everybody what came of it. */
function once<A extends readonly unknown[], T>(
  work: (...given: A) => Promise<T>,
): (...given: A) => Promise<T> {
  let result: Promise<T> | undefined
  return async (...given) => await (result ??= work(...given))
}
