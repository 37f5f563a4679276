import { copyFile, cp, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type TempFolder, tempFolder } from './temp-folder.ts'

const EXAMPLE = join(import.meta.dirname, '../../examples/converse')
const CONVERSE = dirname(fileURLToPath(import.meta.resolve('converse.js')))

export interface ConverseSite {
  /** Whether the page has the plugin of the example. */
  readonly plugin: boolean
  /** What can be sent, by name. */
  readonly pictures: Readonly<Record<string, Uint8Array>>
}

/** A folder with the example's page, Converse.js, what drives a page, and pictures to send. */
export async function converseSite({ plugin, pictures }: ConverseSite): Promise<TempFolder> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('converse'))
  const inFolder = (name: string): string => join(folder.path, name)
  await cp(CONVERSE, inFolder('converse'), { recursive: true })
  await copyFile(join(EXAMPLE, 'index.html'), inFolder('index.html'))
  await bundle(join(import.meta.dirname, 'pages/converse-user.ts'), inFolder('user.js'))
  if (plugin) await bundle(join(EXAMPLE, 'resilient-upload.ts'), inFolder('resilient-upload.js'))
  for (const [name, content] of Object.entries(pictures)) await writeFile(inFolder(name), content)
  stack.move()
  return folder
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({ entryPoints: [entry], outfile, bundle: true, format: 'esm', logLevel: 'error' })
}
