import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises'
import process from 'node:process'

const POLICY = '/usr/sbin/policy-rc.d'

/** Which of the packages `dpkg` does not have installed. */
export function missingPackages(packages: readonly string[]): string[] {
  const query = spawnSync(
    'dpkg-query',
    ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages],
    {
      encoding: 'utf8',
    },
  )
  if (query.error) throw query.error
  const installed = new Set(query.stdout.split('\n'))
  return packages.filter((name) => !installed.has(`${name} installed`))
}

/** Installs Debian packages without letting any of them start a service. Throws if `apt-get` fails. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  await using _quiet = await servicesStayDown()
  const install = ['install', '--yes', '--no-install-recommends', ...packages]
  // Package lists age: what they name may be gone from the mirror, so one failure means a refresh.
  if (await aptGet(install)) return
  await aptGet(['update'])
  if (!(await aptGet(install))) throw new Error(`apt-get cannot install ${packages.join(' ')}`)
}

async function aptGet(args: readonly string[]): Promise<boolean> {
  const child = spawn('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=600', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  })
  await once(child, 'exit')
  return child.exitCode === 0
}

/** While held, maintainer scripts may start nothing; afterwards the machine's own policy is back. */
async function servicesStayDown(): Promise<AsyncDisposable> {
  const before = await policyNow()
  await writeFile(POLICY, '#!/bin/sh\nexit 101\n')
  await chmod(POLICY, 0o755)
  return {
    async [Symbol.asyncDispose]() {
      if (before === undefined) return await rm(POLICY, { force: true })
      await writeFile(POLICY, before.text)
      await chmod(POLICY, before.mode)
    },
  }
}

async function policyNow(): Promise<{ text: string; mode: number } | undefined> {
  const found = await stat(POLICY).catch(() => undefined)
  if (found === undefined) return undefined
  return { text: await readFile(POLICY, 'utf8'), mode: found.mode & 0o7777 }
}
