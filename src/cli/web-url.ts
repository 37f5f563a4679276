import { UsageError } from './command.ts'

/** Reads an argument that is a URL of HTTP. */
export function webUrl(text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new UsageError(`"${text}" is no URL of the web`)
}
