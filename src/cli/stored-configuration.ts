import type { Config } from '../config/options.ts'
import type { FlagValues } from './command.ts'
import { type CONFIG_FLAGS, configurationOf, dataFolderOf, usesOwnSecret } from './configuration.ts'
import type { Io } from './io.ts'
import { keepOwnSecret } from './own-secret.ts'

/** The configuration by which the stores were filled: the same that `serve` would use. */
export async function storedConfigurationOf(
  flags: FlagValues<typeof CONFIG_FLAGS>,
  io: Io,
): Promise<Config> {
  const secret = usesOwnSecret(flags, io) ? await keepOwnSecret(dataFolderOf(io)) : undefined
  return configurationOf(flags, io, secret).config
}
