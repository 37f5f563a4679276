import { UsageError } from './command.ts'
import { quoted } from './printable-text.ts'

/** Reads an argument that is a URL of HTTP. */
export function webUrl(text: string): URL {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    throw new UsageError(
      `"${quoted(text)}" is no URL of the web: it begins with https:// or http://`,
    )
  }
  // It is not repeated, for it may be a password.
  if (url.username + url.password === '') return url
  throw new UsageError('What stands between "//" and "@" in the URL has no use here: leave it out')
}
