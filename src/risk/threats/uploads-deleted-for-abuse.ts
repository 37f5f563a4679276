import type { AbuseLimits } from './pattern.ts'

/** Files that a user published in the window, by what became of them. */
export interface PublishedFiles {
  /** Removed because the operator called them abuse. */
  readonly deleted: number
  /** Still there. */
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
