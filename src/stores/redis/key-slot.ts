/** Slots of a cluster. */
const SLOTS = 16_384

/** Polynomial of the CRC16 that divides keys into slots (XMODEM: nothing reflected, begins with 0). */
const POLYNOMIAL = 0x10_21

/** The slot of a key in a cluster (Redis Cluster specification, "Key distribution model"). */
export function keySlot(key: string): number {
  const hashed = /^[^{]*\{(?<tag>[^}]+)\}/u.exec(key)?.groups?.['tag'] ?? key
  let checksum = 0
  for (const byte of Buffer.from(hashed)) checksum = withByte(checksum, byte)
  return checksum % SLOTS
}

function withByte(checksum: number, byte: number): number {
  let next = checksum ^ (byte << 8)
  for (let bit = 0; bit < 8; bit++) {
    const isReduced = (next & 0x80_00) !== 0
    next = ((next << 1) ^ (isReduced ? POLYNOMIAL : 0)) & 0xff_ff
  }
  return next
}
