import { styleText } from 'node:util'
import type { Io } from './io.ts'

export type Tone = 'good' | 'bad' | 'warning' | 'heading'

const STYLES = { good: 'green', bad: 'red', warning: 'yellow', heading: 'bold' } as const

/** Colours a text if a person reads it on a terminal and has not set `NO_COLOR` (no-color.org). */
export function paint(text: string, tone: Tone, { isTerminal, env }: Io): string {
  if (!isTerminal || (env['NO_COLOR'] ?? '') !== '') return text
  return styleText(STYLES[tone], text, { validateStream: false })
}
