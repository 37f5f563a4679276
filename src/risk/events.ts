/** What happens to the databases that say where addresses are. */
export interface RiskEvents {
  /** A database had changed on disk and is in use. */
  placesReloaded(file: string): void
  /** A database had changed on disk and cannot be used; the one before goes on. Told once. */
  placesRefused(file: string, error: unknown): void
}
