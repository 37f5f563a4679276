/** One parameter of a field (RFC 9110 §5.6.6): name, then a quoted value or a bare one. */
const PARAMETER = /;\s*([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s"]+))/gu

/** Whatever could end a name, or lay it out other than it is; and what hides a file. */
const UNFIT = /[\p{Cc}\u202a-\u202e\u2066-\u2069]|^\.+/gu

/**
 * The name under which a file can be kept: what `Content-Disposition` says (RFC 6266), else the end of the URL.
 * It never leads into another folder, and does not begin with a dot. Nothing if no name is left.
 */
export function fileNameOf(disposition: string | null, url: string): string | undefined {
  const told = disposition === null ? undefined : nameIn(disposition)
  return fit(told ?? '') ?? fit(decoded(new URL(url).pathname))
}

function nameIn(disposition: string): string | undefined {
  const parameters = new Map(
    [...disposition.matchAll(PARAMETER)].map(([, name = '', quoted, bare]) => [
      name.toLowerCase(),
      quoted?.replaceAll(/\\(.)/gu, '$1') ?? bare,
    ]),
  )
  // RFC 6266 §4.3: the one that names its encoding (RFC 8187) is meant for those who can read it.
  const [, encoded] = /^utf-8'[^']*'(.+)$/iu.exec(parameters.get('filename*') ?? '') ?? []
  return encoded === undefined ? parameters.get('filename') : decoded(encoded)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function fit(name: string): string | undefined {
  const last = name.split(/[/\\]/u).at(-1) ?? ''
  return last.replaceAll(UNFIT, '').trim() || undefined
}
