import { type LmdbEnvironmentOptions, LmdbManifestDriver } from '@lash/attachments-lmdb'

/** In a child process, opens the driver of the lmdb harness. */
export function open(options: LmdbEnvironmentOptions): LmdbManifestDriver {
  return new LmdbManifestDriver(options)
}
