import {
  type AdminListener,
  type AdminListenerNeeds,
  startAdminListener,
} from '../admin/admin-listener.ts'
import type { Config } from '../config/options.ts'

/** Starts the listeners for operators that the configuration asks for; `started` is to end them. */
export async function startAdmins(
  { admin: { listen: addresses, hosts, token } }: Config,
  parts: Pick<AdminListenerNeeds, 'metrics' | 'readiness' | 'log'>,
  started: AsyncDisposableStack,
): Promise<readonly AdminListener[]> {
  const access = { hosts, ...(token === undefined ? {} : { token }) }
  const admins: AdminListener[] = []
  for (const listen of addresses) {
    const { metrics, readiness, log } = parts
    admins.push(
      started.use(await startAdminListener({ metrics, readiness, log, ...access, listen })),
    )
  }
  return admins
}
