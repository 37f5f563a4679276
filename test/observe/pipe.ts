import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Makes a pipe with a name, which whoever opens it as a file waits at. */
export async function makePipe(path: string): Promise<void> {
  await run('mkfifo', [path])
}
