/** What happens to the databases that say where addresses are. */
export interface RiskEvents {
  /** A database had changed on disk and is in use. */
  placesReloaded(file: string): void
  /**
   * A database that changed on disk cannot be used, so that the one before goes on; or one in use turned
   * out to be damaged somewhere. Told once for each file that is put there.
   */
  placesRefused(file: string, error: unknown): void
}
