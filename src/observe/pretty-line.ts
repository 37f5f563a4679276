import { styleText } from 'node:util'

const STYLES = {
  trace: 'gray',
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
} as const

/** Renders one JSON log line for a person at a terminal: time, level, message, then `key=value`. */
export function prettyLine(json: string): string {
  const { time, level, msg, err, ...rest } = asFields(JSON.parse(json))
  const facts = Object.entries(rest).map(
    ([key, value]) => styleText('dim', `${key}=`) + shown(value),
  )
  const head = [styleText('dim', clockTime(time)), tag(level), plain(msg), ...facts].join(' ')
  return `${head}\n${stackOf(err)}`
}

function asFields(parsed: unknown): Record<string, unknown> {
  return typeof parsed === 'object' && parsed !== null ? { ...parsed } : { msg: parsed }
}

function clockTime(time: unknown): string {
  return typeof time === 'string' ? time.slice(11, 23) : ''
}

function tag(level: unknown): string {
  const style = Object.entries(STYLES).find(([name]) => name === level)?.[1] ?? 'white'
  return styleText(style, plain(level).toUpperCase().padEnd(5))
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w./:@…-]+$/u.test(value)
    ? value
    : plain(JSON.stringify(value))
}

function stackOf(err: unknown): string {
  if (typeof err !== 'object' || err === null || !('stack' in err)) return ''
  const lines = String(err.stack).split('\n')
  return lines.map((line) => `  ${plain(line)}\n`).join('')
}

/** A text that a terminal shows and does not obey. */
function plain(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/gu, '�')
}
