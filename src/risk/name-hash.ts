/** FNV-1a, 32 bit, from a seed: tells names apart, and cannot be looked up without the seed. */
export function nameHash(name: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  }
  return hash >>> 0
}
