import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { isJsonObject } from '../src/core/json-object.ts'

const RESULTS = path.join(import.meta.dirname, '../bench/results')

/** A part of a benchmark's results; what an older benchmark did not write is absent. */
export interface Figures {
  number(...place: readonly string[]): number | undefined
  text(...place: readonly string[]): string | undefined
  list(...place: readonly string[]): readonly Figures[]
  isTrue(...place: readonly string[]): boolean
}

/** The results of a benchmark; nothing if it was never run. */
export function resultsOf(name: string): Figures | undefined {
  const file = path.join(RESULTS, `${name}.json`)
  return existsSync(file) ? figuresOf(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}

/** Wraps a parsed JSON value. */
export function figuresOf(value: unknown): Figures {
  return {
    number(...place) {
      const found = valueIn(value, place)
      return typeof found === 'number' ? found : undefined
    },
    text(...place) {
      const found = valueIn(value, place)
      return typeof found === 'string' ? found : undefined
    },
    list(...place) {
      const found = valueIn(value, place)
      return Array.isArray(found) ? found.map(figuresOf) : []
    },
    isTrue: (...place) => valueIn(value, place) === true,
  }
}

function valueIn(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) return value
  return isJsonObject(value) ? valueIn(value[key], rest) : undefined
}

/** A figure as text, or a dash for one that was not measured. */
export function shown(figure: number | undefined, digits: number, unit = ''): string {
  if (figure === undefined || !Number.isFinite(figure)) return '–'
  return unit === '' ? figure.toFixed(digits) : `${figure.toFixed(digits)} ${unit}`
}
