import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import test from 'node:test'

const PROJECT = resolve(import.meta.dirname, '..')

interface Link {
  /** The page with the link, from the project's root. */
  readonly from: string
  /** What it leads to, from the project's root. */
  readonly to: string
  readonly anchor: string | undefined
}

const pages = ['*.md', 'docs/**/*.md', 'bench/*.md', 'examples/*/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: PROJECT }))
  .toSorted()
const links = pages.flatMap(linksOf)

/** What stands in code is no link. */
function proseOf(page: string): string {
  const text = readFileSync(join(PROJECT, page), 'utf8')
  return text
    .replaceAll(/^```.*?^```$/gmsu, '')
    .replaceAll(/`[^`\n]*`/gu, (code) => code.slice(1, -1))
}

function linksOf(page: string): Link[] {
  const text = proseOf(page)
  return [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/gu)].map(
    ([, target = '', anchor]) => ({
      from: page,
      to: target === '' ? page : relative(PROJECT, resolve(PROJECT, dirname(page), target)),
      anchor,
    }),
  )
}

/** The anchors that a page's headings get where repositories are read in a browser, and those it sets itself. */
function anchorsOf(page: string): Set<string> {
  const prose = proseOf(page)
  const times = new Map<string, number>()
  const headings = [...prose.matchAll(/^#+ (.+)$/gmu)].map(([, heading = '']) => {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    const earlier = times.get(name) ?? 0
    times.set(name, earlier + 1)
    return earlier === 0 ? name : `${name}-${earlier}`
  })
  const own = [...prose.matchAll(/<a id="([^"]+)">/gu)].map(([, id = '']) => id)
  return new Set([...headings, ...own])
}

test('the pages and their links were found', () => {
  assert.ok(pages.includes('README.md') && pages.includes('docs/options.md'), pages.join(' '))
  assert.ok(links.length > 20, `only ${links.length} links were found`)
})

test('every relative link leads to a file of the project', () => {
  const broken = links.filter(({ to }) => to.startsWith('..') || !existsSync(join(PROJECT, to)))
  assert.deepEqual(broken, [])
})

test('every anchor is a heading of its page', () => {
  const anchored = links.filter(({ to, anchor }) => anchor !== undefined && to.endsWith('.md'))
  assert.ok(anchored.length > 0)
  const broken = anchored.filter(({ to, anchor = '' }) => !anchorsOf(to).has(anchor))
  assert.deepEqual(broken, [])
})

test('every page below docs/ is linked from the README or an index', () => {
  const entrances = ['README.md', 'docs/README.md', 'docs/adr/README.md', 'docs/api/README.md']
  const linked = new Set(links.filter(({ from }) => entrances.includes(from)).map(({ to }) => to))
  const lonely = pages.filter(
    (page) => page.startsWith('docs/') && !linked.has(page) && !entrances.includes(page),
  )
  assert.deepEqual(lonely, [])
})
