import type { Config } from '../config/options.ts'
import type { Clock } from '../core/clock.ts'
import type { Engine } from '../engine/engine.ts'
import type { Gate } from '../gate/gate.ts'
import type { Handler } from '../http/exchange.ts'
import { rangePutHandler } from '../protocols/range/range-put.ts'
import { rufhFace } from '../protocols/rufh/rufh-face.ts'
import { tusFace } from '../protocols/tus/tus-face.ts'
import type { Routes } from './router.ts'

/** What the faces are built from. */
export interface FaceNeeds {
  readonly gate: Gate
  readonly engine: Engine
  readonly clock: Clock
  /** The face of whole bodies. */
  readonly plain: Handler
}

/** The protocols by which an interrupted upload can go on; none where the operator wants none. */
export function resumableFaces(
  { server: { publicUrl }, storage, http, networkResilience, sessionStore }: Config,
  { gate, engine, clock, plain }: FaceNeeds,
): Pick<Routes, 'rufh' | 'tus' | 'range'> {
  if (!networkResilience.uploadResumption) return {}
  const needs = { gate, engine, publicUrl }
  const { maxFileSize } = storage
  return {
    rufh: rufhFace(
      { ...needs, clock, plain, interim104: http.interim104 },
      { maxFileSize, maxAge: sessionStore.maxSessionAge, chunkSize: networkResilience.chunkSize },
    ),
    tus: tusFace({ ...needs, maxSize: maxFileSize }),
    range: rangePutHandler(needs),
  }
}
