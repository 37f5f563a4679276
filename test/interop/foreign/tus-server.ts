import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { startProgram } from '../running-program.ts'
import { tempFolder } from '../temp-folder.ts'
import type { ForeignServer } from './foreign-server.ts'

const PROGRAM = join(import.meta.dirname, '../../../bench/peers/tus-server.mjs')

/** `@tus/server`, which names uploads itself: what a slot's GET URL leads to is the newest of them. */
export async function startTusServer(): Promise<ForeignServer> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await tempFolder('tus')).path
  const program = stack.use(startProgram(process.execPath, [PROGRAM, folder]))
  const [, port = ''] = await program.line(/^Listening on 127\.0\.0\.1:(\d+)$/u)
  const url = `http://127.0.0.1:${port}/files`
  const running = stack.move()
  return {
    face: 'tus',
    port: Number(port),
    slot: async () => ({ put: url, get: url }),
    published: async () => await readFile(await newestIn(folder)),
    log: program.log,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  }
}

/** Beside each file there is a description of it. */
async function newestIn(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => !name.endsWith('.json'))
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return { path, age: -(await stat(path)).birthtimeMs }
    }),
  )
  const [newest] = files.toSorted((one, other) => one.age - other.age)
  return newest?.path ?? folder
}
