import { cp, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { fitted } from './fitted-snippet.ts'
import { type TempFolder, tempFolder } from './temp-folder.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/converse')
const CONVERSE = dirname(fileURLToPath(import.meta.resolve('converse.js')))

/** What in the page brings the plugin. */
const PLUGIN = '<script type="module" src="resilient-upload.js"></script>'

/** What in the page connects it, and what does so over HTTP, as the page of the example tells. */
const WEBSOCKET = 'websocket_url: socket.href,'
const BOSH = "bosh_service_url: new URL('/http-bind', location).href,"

/**
 * A folder with the example's page, with the same over BOSH as `bosh.html`, with Converse.js as it comes as `plain.html`,
 * what drives them, and pictures to send, by name.
 */
export async function converseSite(
  pictures: Readonly<Record<string, Uint8Array>>,
): Promise<TempFolder> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('converse'))
  const inFolder = (name: string): string => join(folder.path, name)
  const page = await readFile(join(EXAMPLE, 'index.html'), 'utf8')
  await writeFile(inFolder('index.html'), page)
  await writeFile(inFolder('plain.html'), fitted(page, { [PLUGIN]: '' }))
  await writeFile(inFolder('bosh.html'), fitted(page, { [WEBSOCKET]: BOSH }))
  await cp(CONVERSE, inFolder('converse'), { recursive: true })
  await bundle(join(EXAMPLE, 'resilient-upload.ts'), inFolder('resilient-upload.js'))
  await bundle(join(import.meta.dirname, 'pages/converse-user.ts'), inFolder('user.js'))
  for (const [name, content] of Object.entries(pictures)) await writeFile(inFolder(name), content)
  stack.move()
  return folder
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', logLevel: 'error' })
}
