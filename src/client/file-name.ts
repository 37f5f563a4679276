/** A name in `Content-Disposition` (RFC 6266 §4.1): encoded, quoted or bare. */
const NAME =
  /;\s*filename(?:\*\s*=\s*utf-8'[^']*'([^;\s]+)|\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+)))/giu

/** Whatever could end a name, or lay it out other than it is. */
const UNFIT = /[\p{Cc}\p{Bidi_Control}]/gu

/** What hides a file, or is no part of its name to every system. */
const EDGES = /^[\s.]+|[\s.]+$/gu

/**
 * The name under which a file can be kept: what `Content-Disposition` says, else the end of the URL. It never leads
 * into another folder, and neither begins nor ends with a dot or a space. Nothing if no name is left.
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
  const visible = name.replace(/.*[/\\]/su, '').replaceAll(UNFIT, '')
  return visible.replaceAll(EDGES, '') || undefined
}
