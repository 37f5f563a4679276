import type { Config } from '../config/options.ts'
import type { EnginePolicy } from '../engine/policy.ts'
import type { GrantSecrets, Secret } from '../grants/secret.ts'
import type { Acceleration } from '../protocols/download/download-handler.ts'

type Previous = Config['grants']['v1Previous']

/** The configured secrets as the grants room takes them; the current one of a scheme first. */
export function grantSecretsOf({ grants }: Config): GrantSecrets {
  return {
    v1: listed(grants.v1Secret, grants.v1Previous),
    v2: listed(grants.v2Secret, grants.v2Previous),
    v3: listed(grants.v3Secret, grants.v3Previous),
    token: listed(grants.tokenSecret, grants.tokenPrevious),
    tokenDelete: listed(grants.tokenDeleteSecret, grants.tokenDeletePrevious),
    jwt: listed(grants.jwtSecret, grants.jwtPrevious),
    bearer: listed(grants.bearerSecret, grants.bearerPrevious),
  }
}

function listed(current: string | undefined, previous: Previous): readonly Secret[] {
  const old = previous.map(({ secret, notAfter }) => ({ value: Buffer.from(secret), notAfter }))
  return current === undefined ? old : [{ value: Buffer.from(current) }, ...old]
}

/** The configured policy as the engine takes it. */
export function enginePolicyOf(config: Config): EnginePolicy {
  const { storage, limits, networkResilience, sessionStore, retention } = config
  const recovers = networkResilience.enabled && networkResilience.sessionRecovery
  const secrets = grantSecretsOf(config)
  const timeless = [secrets.v1, secrets.v2, secrets.token]
  return {
    fsync: storage.fsync,
    maxFileSize: storage.maxFileSize,
    minFree: storage.minFree,
    resumeTimeout: networkResilience.resumeTimeout,
    chunkSize: networkResilience.chunkSize,
    maxSessionAge: sessionStore.maxSessionAge,
    maxRecoveries: recovers ? networkResilience.maxTokenRefreshes : 'off',
    fileMaxAge: retention.maxAge,
    openUploadsPerOwner: limits.openUploadsPerOwner,
    reservedBytesPerOwner: limits.reservedBytesPerOwner,
    timelessGrants: timeless.some((listedSecrets) => (listedSecrets ?? []).length > 0),
  }
}

/** How downloads are handed to the proxy in front; nothing if it is not asked to. */
export function accelerationOf({ downloads, storage }: Config): Acceleration | undefined {
  const { accel, accelPrefix } = downloads
  if (accel === 'off') return undefined
  const prefix = accel === 'X-Sendfile' ? `${storage.url.folder}/` : accelPrefix
  return { header: accel, prefix }
}
