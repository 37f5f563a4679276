import { Refusal } from '../core/refusals.ts'
import type { Target } from './exchange.ts'

const ORIGIN = /^https?:\/\/[^/?#]*/i

/**
 * The public URL's path with a slash at both ends; request paths must start with it.
 */
export function publicPrefix(publicUrl: URL): string {
  const path = publicUrl.pathname
  return path.endsWith('/') ? path : `${path}/`
}

/**
 * Splits a request target (RFC 9112 §3.2, origin-form or absolute-form) below `prefix` into path
 * and query. Returns the refusal `not-found` for a path outside the prefix, `bad-request` for
 * another form.
 */
export function parseTarget(text: string, prefix: string): Target | Refusal {
  const origin = text.startsWith('/') ? text : originForm(text)
  if (origin === undefined) return new Refusal('bad-request')
  const mark = origin.indexOf('?')
  const path = mark < 0 ? origin : origin.slice(0, mark)
  if (!path.startsWith(prefix)) return new Refusal('not-found')
  return target(path.slice(prefix.length), mark < 0 ? '' : origin.slice(mark + 1))
}

/** A class, because one is made per request; most downloads never read the query. */
class LazyTarget implements Target {
  readonly rawPath: string
  readonly queryText: string
  #query: URLSearchParams | undefined = undefined

  constructor(rawPath: string, queryText: string) {
    this.rawPath = rawPath
    this.queryText = queryText
  }

  get query(): URLSearchParams {
    return (this.#query ??= new URLSearchParams(this.queryText))
  }
}

/** A target whose query is parsed when it is first read. */
function target(rawPath: string, queryText: string): Target {
  return new LazyTarget(rawPath, queryText)
}

/** Stands for a target that is refused. */
export const NO_TARGET: Target = target('', '')

function originForm(text: string): string | undefined {
  const authority = ORIGIN.exec(text)
  if (authority === null) return undefined
  const rest = text.slice(authority[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}
