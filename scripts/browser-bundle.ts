import { type BuildOptions, type OutputFile, build } from 'esbuild'

/** One file for browsers, with everything it imports; nothing is written. */
export async function browserBundle(options: BuildOptions): Promise<OutputFile> {
  const { outputFiles } = await build({
    bundle: true,
    platform: 'browser',
    logLevel: 'error',
    ...options,
    write: false,
  })
  const [bundle] = outputFiles
  if (!bundle) throw new Error('esbuild made nothing')
  return bundle
}
