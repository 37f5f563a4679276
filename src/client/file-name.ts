/** A name in `Content-Disposition` (RFC 6266 §4.1): encoded, quoted or bare. */
const NAME =
  /;\s*filename(?:\*\s*=\s*utf-8'[^']*'([^;\s]+)|\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+)))/giu

/** Whatever could end a name, or lay it out other than it is; and what hides a file. */
const UNFIT = /[\p{Cc}\u202a-\u202e\u2066-\u2069]|^\.+/gu

/**
 * The name under which a file can be kept: what `Content-Disposition` says, else the end of the URL. It never leads
 * into another folder, and does not begin with a dot. Nothing if no name is left.
 */
export function fileNameOf(disposition: string | null, url: string): string | undefined {
  return fit(nameIn(disposition ?? '')) ?? fit(decoded(new URL(url).pathname))
}

function nameIn(field: string): string | undefined {
  let name: string | undefined
  for (const [, encoded, quoted, bare] of field.matchAll(NAME)) {
    // RFC 6266 §4.3: it is meant for those who can read it.
    if (encoded) return decoded(encoded)
    name = quoted?.replaceAll(/\\(.)/gu, '$1') ?? bare
  }
  return name
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function fit(name = ''): string | undefined {
  return (
    name
      .replace(/.*[/\\]/su, '')
      .replaceAll(UNFIT, '')
      .trim() || undefined
  )
}
