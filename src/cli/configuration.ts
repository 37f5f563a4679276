import { join } from 'node:path'
import { embeddedDefaults } from '../config/embedded-defaults.ts'
import { loadConfig, type LoadedConfig } from '../config/load-config.ts'
import { OPTION_ENTRIES } from '../config/options.ts'
import type { Flags, FlagValues } from './command.ts'
import type { Io } from './io.ts'
import { PASSWORD_VARIABLE } from './xmpp/account-flags.ts'

/** The flags by which every command finds its configuration. */
export const CONFIG_FLAGS = {
  config: {
    type: 'string',
    value: 'FILE',
    help: 'configuration file (TOML); none: ./data is used',
  },
  set: {
    type: 'string',
    multiple: true,
    value: 'SECTION.KEY=VALUE',
    help: 'set one option; wins over file and environment',
  },
} as const satisfies Flags

type ConfigFlags = FlagValues<typeof CONFIG_FLAGS>

/** The folder used when there is no configuration file. */
export function dataFolderOf(io: Io): string {
  return join(io.cwd, 'data')
}

/**
 * Whether the secret in the data folder is to be used: there is no file, and neither flag nor
 * variable sets a secret of a grant.
 */
export function usesOwnSecret(flags: ConfigFlags, io: Io): boolean {
  const secrets = OPTION_ENTRIES.filter(
    ({ section, option }) => section === 'grants' && option.secret,
  )
  return (
    flags.config === undefined &&
    !secrets.some(
      ({ name, variable }) =>
        io.env[variable] !== undefined || flags.set?.some((flag) => flag.startsWith(`${name}=`)),
    )
  )
}

/**
 * The configuration that the flags point at; `ownSecret` opens the schemes if there is no file.
 * @throws {ConfigError} with everything that is wrong
 */
export function configurationOf(flags: ConfigFlags, io: Io, ownSecret?: string): LoadedConfig {
  // Every other variable of this prefix is an option, or a mistake.
  const { [PASSWORD_VARIABLE]: _password, ...env } = io.env
  const sources = { file: flags.config, env, flags: flags.set ?? [], cwd: io.cwd }
  if (ownSecret === undefined) return loadConfig(sources)
  return loadConfig({ ...sources, preset: embeddedDefaults(dataFolderOf(io), ownSecret) })
}
