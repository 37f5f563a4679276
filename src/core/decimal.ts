const DECIMAL = /^(?:0|[1-9]\d{0,14})$/u

/**
 * The number that 1 to 15 ASCII digits write; nothing for anything else. No leading zeros: what is
 * signed or compared as text can then be written in one way only.
 */
export function decimal(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text) : undefined
}
