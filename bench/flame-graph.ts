import type { Frame } from './cpu-profile.ts'

const WIDTH = 1200
const ROW = 18
const TOP = 40

/** Narrower frames are left out: nobody could read them, and there are thousands. */
const NARROWEST = 0.8

/** Pixels that a letter takes, so that no text leaves its frame. */
const LETTER = 6.6

const STYLE = `
  .ground { fill: #ffffff } text { font: 11px ui-monospace, monospace; fill: #1f2328 }
  .title { font: 600 15px system-ui, sans-serif } .own { fill: #66d9e8 } .node { fill: #ffd8a8 } .engine { fill: #dee2e6 }
  rect { stroke: #ffffff; stroke-width: 0.5 } rect:hover { stroke: #000000 }`

interface Placed {
  readonly frame: Frame
  readonly x: number
  readonly depth: number
}

/** Frames wide enough to be seen, each right of its elder siblings, in pixels. */
function placed(frame: Frame, at: { x: number; depth: number }, scale: number): Placed[] {
  if (frame.total * scale < NARROWEST) return []
  let { x } = at
  const below = frame.calls.flatMap((call) => {
    const left = x
    x += call.total * scale
    return placed(call, { x: left, depth: at.depth + 1 }, scale)
  })
  return [{ frame, ...at }, ...below]
}

/** Whose code it is: this project's, that of Node.js, or the engine and its collector. */
function kindOf({ name }: Frame): 'own' | 'node' | 'engine' {
  if (name.startsWith('(') && !name.includes(' ')) return 'engine'
  return / \S+\.ts:\d+$/u.test(name) ? 'own' : 'node'
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/gu, (mark) => `&#${mark.charCodeAt(0)};`)
}

function drawn({ frame, x, depth }: Placed, { scale, whole }: Drawing): string {
  const width = frame.total * scale
  const y = TOP + depth * ROW
  const percent = ((100 * frame.total) / whole).toFixed(1)
  const title = `<title>${escaped(frame.name)}: ${percent} %, ${(frame.total / 1000).toFixed(0)} ms</title>`
  const rect = `<rect class="${kindOf(frame)}" x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}"/>`
  const letters = Math.floor((width - 6) / LETTER)
  const label = letters < 3 ? '' : escaped(frame.name.slice(0, letters))
  const text = `<text x="${(x + 3).toFixed(1)}" y="${y + 13}">${label}</text>`
  return `<g>${title}${rect}${label === '' ? '' : text}</g>`
}

interface Drawing {
  /** Pixels of a microsecond. */
  readonly scale: number
  readonly whole: number
}

/** A flame graph as SVG: width is time at work, whoever called stands above; details on hovering. */
export function flameGraph(root: Frame, title: string): string {
  const whole = Math.max(1, root.total)
  const scale = WIDTH / whole
  const frames = placed(root, { x: 0, depth: 0 }, scale)
  const height = TOP + ROW * (1 + Math.max(0, ...frames.map(({ depth }) => depth)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>${STYLE}
</style>
<rect class="ground" width="${WIDTH}" height="${height}"/>
<text class="title" x="3" y="24">${escaped(title)}</text>
${frames.map((each) => drawn(each, { scale, whole })).join('\n')}
</svg>
`
}
