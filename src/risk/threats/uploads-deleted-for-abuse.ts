import type { AbuseLimits } from './pattern.ts'

/** A user's files, by what became of them. */
export interface PublishedFiles {
  /** Removed in the window because the operator called them abuse. */
  readonly deleted: number
  /** Still there, however old. */
  readonly standing: number
}

/**
 * Whether a user's files end as abuse: enough of them, and as large a part of what is known of the user as the limits say. Files
 * that expired, or that the user removed, speak neither for nor against.
 */
export function areDeletedForAbuse(
  { deleted, standing }: PublishedFiles,
  { deletes, share }: AbuseLimits,
): boolean {
  return deleted >= deletes && deleted * 100 >= share * (deleted + standing)
}
