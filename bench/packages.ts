import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { BenchFailure } from './failure.ts'

/** Programs the benchmarks start, and the Debian package that brings each. */
const PACKAGE_OF = {
  cc: 'gcc libc6-dev',
  taskset: 'util-linux',
  nginx: 'nginx-light',
  prosody: 'prosody',
  ejabberdctl: 'ejabberd',
  env: 'coreutils',
  openssl: 'openssl',
  'redis-server': 'redis-server',
} as const

export type Program = keyof typeof PACKAGE_OF

/** Where system programs live; /usr/sbin is often missing in the PATH of ordinary users. */
const FOLDERS = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/bin', '/sbin']

const APT_GET = '/usr/bin/apt-get'

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function find(program: Program): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, program)).find(isExecutable)
}

/** The full path of a program; fails with the package's name if it is not installed. */
export function programPath(program: Program): string {
  requirePrograms([program])
  return find(program) ?? program
}

/** Fails with the names of the packages to install if one of the programs is not there. */
export function requirePrograms(programs: readonly Program[]): void {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return
  const packages = missing.map((program) => PACKAGE_OF[program]).join(' ')
  throw new BenchFailure(
    `Not installed: ${missing.join(', ')}. On Debian: apt-get install ${packages}` +
      ' (or start the benchmark as root with --install).',
  )
}

/** Installs what is missing with apt-get; needs root. */
export function installPrograms(programs: readonly Program[]): void {
  const missing = programs.filter((program) => find(program) === undefined)
  if (missing.length === 0) return
  const packages = missing.flatMap((program) => PACKAGE_OF[program].split(' '))
  const args = ['install', '-y', '--no-install-recommends', ...packages]
  const { status } = spawnSync(APT_GET, args, { stdio: 'inherit' })
  if (status !== 0) throw new BenchFailure(`apt-get ${args.join(' ')} failed`)
}
