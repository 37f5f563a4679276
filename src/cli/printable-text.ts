/** What a terminal would obey, hide, or show elsewhere than it stands; joiners of letters are part of many scripts. */
const UNFIT = /[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu

/** What is shown of a server's own words, in UTF-16 code units. */
const LONGEST = 300

/** A text of others without what a terminal would obey or hide. */
export function printable(text: string): string {
  return text.replaceAll(UNFIT, '�')
}

/** As {@link printable}, and no longer than a few lines. */
export function quoted(text: string): string {
  if (text.length <= LONGEST) return printable(text)
  return `${printable(text.slice(0, LONGEST).toWellFormed())}…`
}
