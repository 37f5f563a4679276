const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

/** A number of bytes for people, in the unit that suits it. */
export function bytesText(bytes: number): string {
  const steps = bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3)
  const unit = UNITS[Math.min(steps, UNITS.length - 1)] ?? 'byte'
  const maximumFractionDigits = unit === 'byte' ? 0 : 1
  const format = new Intl.NumberFormat('en', { style: 'unit', unit, maximumFractionDigits })
  return format.format(bytes / 1000 ** UNITS.indexOf(unit))
}

/** A number of seconds for people. */
export function secondsText(seconds: number): string {
  const isLong = seconds >= 90
  const unit = isLong ? 'minute' : 'second'
  const format = new Intl.NumberFormat('en', { style: 'unit', unit, maximumFractionDigits: 0 })
  return format.format(Math.ceil(isLong ? seconds / 60 : seconds))
}
