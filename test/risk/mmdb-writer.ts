import ipaddr from 'ipaddr.js'

/** What a record may hold: numbers become doubles, as positions are; big ones unsigned integers of 32 bits. */
export type MmdbValue = string | number | bigint | MmdbMap
export interface MmdbMap {
  readonly [key: string]: MmdbValue
}

/** A branch of the search tree: another one, a record by its number, or nothing. */
type Branch = Node | number | undefined
type Node = [zero: Branch, one: Branch]

export interface MmdbOptions {
  readonly type?: string
  /** 4: the tree has IPv4 addresses only. */
  readonly ipVersion?: 4 | 6
}

/**
 * A database in the MMDB format, version 2.0, that has a record for each network such as `192.0.2.0/24`.
 * Networks must not contain each other.
 */
export function mmdbOf(
  networks: Readonly<Record<string, MmdbMap>>,
  { type = 'Test-City', ipVersion = 6 }: MmdbOptions = {},
): Buffer {
  const root: Node = [undefined, undefined]
  for (const [index, network] of Object.keys(networks).entries()) {
    insert(root, bitsOf(network, ipVersion), index)
  }
  const records = Object.values(networks).map(encoded)
  const nodes = numbered(root)
  const metadata = encoded({
    binary_format_major_version: 2n,
    binary_format_minor_version: 0n,
    build_epoch: 1_767_225_600n,
    database_type: type,
    description: {},
    ip_version: BigInt(ipVersion),
    node_count: BigInt(nodes.size),
    record_size: 24n,
  })
  return Buffer.concat([
    treeOf(nodes, records),
    Buffer.alloc(16),
    ...records,
    Buffer.from('\u{AB}\u{CD}\u{EF}MaxMind.com', 'latin1'),
    metadata,
  ])
}

/** The leading bits of a network; in a tree of both, IPv4 stands at `::/96`. */
function bitsOf(network: string, ipVersion: 4 | 6): string {
  const [address, length] = ipaddr.parseCIDR(network)
  const bits = address
    .toByteArray()
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length)
  return ipVersion === 6 && address.kind() === 'ipv4' ? '0'.repeat(96) + bits : bits
}

function insert(root: Node, bits: string, record: number): void {
  let node = root
  for (const bit of bits.slice(0, -1)) {
    const side = bit === '1' ? 1 : 0
    const next = node[side]
    node = typeof next === 'object' ? next : (node[side] = [undefined, undefined])
  }
  node[bits.endsWith('1') ? 1 : 0] = record
}

function numbered(root: Node): ReadonlyMap<Node, number> {
  const numbers = new Map<Node, number>()
  const visit = (node: Node): void => {
    numbers.set(node, numbers.size)
    for (const branch of node) if (typeof branch === 'object') visit(branch)
  }
  visit(root)
  return numbers
}

function treeOf(nodes: ReadonlyMap<Node, number>, records: readonly Buffer[]): Buffer {
  const tree = Buffer.alloc(nodes.size * 6)
  const pointer = (branch: Branch): number => {
    if (typeof branch === 'object') return nodes.get(branch) ?? 0
    if (branch === undefined) return nodes.size
    const before = records.slice(0, branch).reduce((sum, record) => sum + record.length, 0)
    return nodes.size + 16 + before
  }
  for (const [[zero, one], number] of nodes) {
    tree.writeUIntBE(pointer(zero), number * 6, 3)
    tree.writeUIntBE(pointer(one), number * 6 + 3, 3)
  }
  return tree
}

const TYPE = { text: 2, double: 3, uint32: 6, map: 7 } as const

function encoded(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([control(TYPE.text, text.length), text])
  }
  if (typeof value === 'number') {
    const double = Buffer.alloc(8)
    double.writeDoubleBE(value)
    return Buffer.concat([control(TYPE.double, 8), double])
  }
  if (typeof value === 'bigint') {
    const integer = Buffer.alloc(4)
    integer.writeUInt32BE(Number(value))
    return Buffer.concat([control(TYPE.uint32, 4), integer])
  }
  const fields = Object.entries(value).flatMap(([key, field]) => [encoded(key), encoded(field)])
  return Buffer.concat([control(TYPE.map, fields.length / 2), ...fields])
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29])
}
