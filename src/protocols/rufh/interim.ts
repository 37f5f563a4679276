import type { Progress } from '../../engine/engine.ts'
import type { Exchange } from '../../http/exchange.ts'
import { HEADER } from '../../wire/header-names.ts'
import { type Rendering, limits, spoken, uploadUrl } from './answers.ts'
import type { Draft } from './drafts.ts'

/** When 104 (Upload Resumption Supported) is sent: where nothing can stumble over it, always, or never. */
export type Interim104 = 'auto' | 'always' | 'never'

/** Whether the client of this request is told of its upload while it still sends. */
export function informs(
  { interimWay }: Exchange,
  { interim }: Draft,
  setting: Interim104,
): boolean {
  if (!interim || interimWay === 'none' || setting === 'never') return false
  return setting === 'always' || interimWay === 'direct'
}

/** Tells of the new upload first, then of each offset that is kept. */
export function creationInformer(
  exchange: Exchange,
  { id, size }: { id: string; size: number },
  rendering: Rendering,
): (progress: Progress) => void {
  const progressInformer = appendInformer(exchange, rendering.draft)
  let isTold = false
  return (progress) => {
    if (isTold) return progressInformer(progress)
    isTold = true
    exchange.inform(104, {
      ...spoken(rendering.draft),
      ...limits(rendering, { size, expiresAt: progress.expiresAt }),
      [HEADER.location]: uploadUrl(rendering.publicUrl, id),
    })
  }
}

/** Tells of each offset that is kept. */
export function appendInformer(exchange: Exchange, draft: Draft): (progress: Progress) => void {
  return ({ offset }) =>
    exchange.inform(104, { ...spoken(draft), [HEADER.uploadOffset]: String(offset) })
}
