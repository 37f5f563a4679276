import { isJsonObject } from '../src/core/json-object.ts'
import { BenchFailure } from './failure.ts'

/** A function and what it called, with the time that samples of it stand for. */
export interface Frame {
  readonly name: string
  /** Where it stands, as V8 names it; empty for what is no JavaScript. */
  readonly url: string
  /** Microseconds in the function and all that it called. */
  readonly total: number
  /** Longest first. */
  readonly calls: readonly Frame[]
}

interface ProfileNode {
  readonly id: number
  readonly name: string
  readonly url: string
  readonly children: readonly number[]
}

/** Not at work: nothing was to be done. */
const IDLE = '(idle)'

/**
 * Reads a profile as V8 writes it (`--cpu-prof`), and adds up the time below each function; idle
 * time is left out. Throws a `BenchFailure` for what is no profile.
 */
export function readProfile(text: string): Frame {
  const profile: unknown = JSON.parse(text)
  if (!isJsonObject(profile)) throw new BenchFailure('The profile is no object.')
  const nodes = listIn(profile, 'nodes').map(parseNode)
  const samples = listIn(profile, 'samples').map(Number)
  const deltas = listIn(profile, 'timeDeltas').map(Number)
  const own = new Map<number, number>()
  samples.forEach((id, index) => own.set(id, (own.get(id) ?? 0) + (deltas[index] ?? 0)))
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const [root] = nodes
  if (root === undefined) throw new BenchFailure('The profile is empty.')
  return frameOf(root, { byId, own })
}

function listIn(profile: Readonly<Record<string, unknown>>, key: string): readonly unknown[] {
  const list = profile[key]
  if (!Array.isArray(list)) throw new BenchFailure(`The profile has no ${key}.`)
  return list
}

function parseNode(node: unknown): ProfileNode {
  if (!isJsonObject(node) || !isJsonObject(node['callFrame'])) {
    throw new BenchFailure('The profile has a node without a function.')
  }
  const { functionName, url, lineNumber } = node['callFrame']
  const file = String(url).split('/').slice(-2).join('/')
  const place = file === '' ? '' : ` ${file}:${Number(lineNumber) + 1}`
  const children = Array.isArray(node['children']) ? node['children'].map(Number) : []
  const name = functionName === '' ? '(anonymous)' : String(functionName)
  return { id: Number(node['id']), name: `${name}${place}`, url: String(url), children }
}

interface Times {
  readonly byId: ReadonlyMap<number, ProfileNode>
  readonly own: ReadonlyMap<number, number>
}

function frameOf(node: ProfileNode, times: Times): Frame {
  const children = node.children.flatMap((id) => times.byId.get(id) ?? [])
  const calls = children
    .filter(({ name }) => name !== IDLE)
    .map((child) => frameOf(child, times))
    .toSorted((a, b) => b.total - a.total)
  const own = Math.max(0, times.own.get(node.id) ?? 0)
  const { name, url } = node
  return { name, url, total: calls.reduce((sum, { total }) => sum + total, own), calls }
}
