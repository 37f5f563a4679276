/** Half-space trees over vectors of [0, 1]. */
export interface HalfSpaceTrees {
  /** How unusual a vector is: −log₂ of the mass around it. */
  score(vector: readonly number[]): number
  learn(vector: readonly number[]): void
}

interface Shape {
  readonly trees: number
  readonly depth: number
  /** Vectors until what was learnt is used, and forgotten what was learnt before. */
  readonly window: number
}

interface Tree {
  /** Of each node: the dimension that it is split in, and where. */
  readonly dimension: Uint8Array
  readonly split: Float64Array
  /** Vectors of this window and of the one before. */
  latest: Float64Array
  reference: Float64Array
}

/** As many trees, as deep, as in the paper's experiments. */
const SHAPE: Shape = { trees: 25, depth: 12, window: 5_000 }

/**
 * Tan, Ting, Liu: Fast Anomaly Detection for Streaming Data, IJCAI 2011, with the mass of the leaf scaled by its depth. Its
 * window is longer than the paper's 250, which would be a quarter of an hour here.
 */
export function halfSpaceTrees(
  dimensions: number,
  random: () => number,
  { trees: count, depth, window }: Shape = SHAPE,
): HalfSpaceTrees {
  const trees = Array.from({ length: count }, () => grown(dimensions, depth, random))
  let learnt = 0

  return {
    score(vector): number {
      let mass = 0
      for (const tree of trees) {
        const leaf = pathOf(tree, vector, depth).at(-1) ?? 0
        mass += (tree.reference[leaf] ?? 0) * 2 ** depth
      }
      return -Math.log2((mass + 1) / (count * window * 2 ** depth))
    },
    learn(vector): void {
      for (const tree of trees) {
        for (const node of pathOf(tree, vector, depth)) {
          tree.latest[node] = (tree.latest[node] ?? 0) + 1
        }
      }
      learnt += 1
      if (learnt % window === 0) trees.forEach(turn)
    },
  }
}

function turn(tree: Tree): void {
  tree.reference = tree.latest
  tree.latest = new Float64Array(tree.reference.length)
}

/** A tree of splits in the middle of random work ranges, before any vector was seen. */
function grown(dimensions: number, depth: number, random: () => number): Tree {
  const nodes = 2 ** (depth + 1) - 1
  const dimension = new Uint8Array(nodes)
  const split = new Float64Array(nodes)
  const ranges = Array.from({ length: dimensions }, () => {
    const center = random()
    const reach = 2 * Math.max(center, 1 - center)
    return [center - reach, center + reach] as const
  })
  const grow = (node: number, within: readonly (readonly [number, number])[]): void => {
    if (node >= nodes) return
    const chosen = Math.floor(random() * dimensions)
    const [least, most] = within[chosen] ?? [0, 1]
    const middle = (least + most) / 2
    dimension[node] = chosen
    split[node] = middle
    grow(2 * node + 1, within.with(chosen, [least, middle]))
    grow(2 * node + 2, within.with(chosen, [middle, most]))
  }
  grow(0, ranges)
  const masses = new Float64Array(nodes)
  return { dimension, split, latest: masses, reference: new Float64Array(nodes) }
}

/** The nodes that a vector falls into, from the root to a leaf. */
function pathOf({ dimension, split }: Tree, vector: readonly number[], depth: number): number[] {
  const path = [0]
  let node = 0
  for (let level = 0; level < depth; level += 1) {
    const isHigh = (vector[dimension[node] ?? 0] ?? 0) >= (split[node] ?? 0)
    node = 2 * node + (isHigh ? 2 : 1)
    path.push(node)
  }
  return path
}
