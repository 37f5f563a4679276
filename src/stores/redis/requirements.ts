import { Refusal } from '../../core/refusals.ts'
import { type RedisNode, infoOf } from './nodes.ts'

/** The oldest release whose commands are all there. */
const OLDEST = [7, 0] as const

/** What is wrong with the settings of a server: `fatal` where what was acknowledged could be lost. */
export interface Shortcoming {
  readonly fatal: boolean
  readonly text: string
}

/**
 * Compares the settings of every server with what the state needs. `durable`: an acknowledged
 * write survives a crash of Redis and of its machine, so that settings that lose some are fatal.
 */
export async function shortcomings(
  nodes: readonly RedisNode[],
  { durable }: { durable: boolean },
): Promise<readonly Shortcoming[]> {
  const found = nodes.map(async (node) => [
    ...(await tooOld(node)),
    ...(await unsafeSettings(node, durable)),
  ])
  return (await Promise.all(found)).flat()
}

async function tooOld(node: RedisNode): Promise<readonly Shortcoming[]> {
  const version = (await infoOf(node, 'server')).get('redis_version') ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return []
  return [{ fatal: true, text: `${node.name} is Redis ${version}, ${OLDEST.join('.')} is needed` }]
}

async function unsafeSettings(node: RedisNode, durable: boolean): Promise<readonly Shortcoming[]> {
  const settings = await settingsOf(node)
  if (settings === undefined) {
    const text = `${node.name} does not tell its settings (CONFIG GET), so they are not checked`
    return [{ fatal: false, text }]
  }
  const found: Shortcoming[] = []
  const demand = (name: string, value: string, loss: string): void => {
    const actual = settings.get(name)
    if (actual === value) return
    const text = `${node.name} has "${name} ${actual}": ${loss}; set "${name} ${value}" in redis.conf`
    found.push({ fatal: durable, text })
  }
  demand('maxmemory-policy', 'noeviction', 'it may throw records away when memory is short')
  demand('appendonly', 'yes', 'it may forget everything when it restarts')
  if (durable && settings.get('appendonly') === 'yes') {
    const way = 'or choose storage.fsync = "complete"'
    demand('appendfsync', 'always', `it acknowledges writes that a crash loses (${way})`)
  }
  return found
}

/** Nothing if the server keeps its settings to itself, as hosted ones do. */
async function settingsOf(node: RedisNode): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const names = ['maxmemory-policy', 'appendonly', 'appendfsync']
    const answer = await node.ask('config', 'get', ...names)
    const texts = Array.isArray(answer) ? answer.map(String) : []
    const pairs = texts.flatMap((name, at) => (at % 2 === 0 ? [[name, texts[at + 1] ?? '']] : []))
    return new Map(pairs.map(([name = '', value = '']) => [name, value]))
  } catch (error) {
    if (error instanceof Refusal && /^(?:ERR|NOPERM)/u.test(String(error.facts['why'])))
      return undefined
    throw error
  }
}
