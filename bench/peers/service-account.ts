import { execFileSync } from 'node:child_process'

/** The numbers of a system account. */
export interface ServiceAccount {
  readonly uid: number
  readonly gid: number
}

/** The account that a Debian package made for its server, which refuses to be root; nothing where we are not root ourselves. */
export function serviceAccount(name: string): ServiceAccount | undefined {
  if (process.getuid?.() !== 0) return undefined
  return { uid: numberOf('-u', name), gid: numberOf('-g', name) }
}

function numberOf(option: '-u' | '-g', name: string): number {
  return Number(execFileSync('id', [option, name], { encoding: 'utf8' }))
}
