import { cp, symlink } from 'node:fs/promises'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

/** Copies an example into a folder as a user does, with what `npm install` would bring; resolves to where it is. */
export async function copiedExample(name: string, folder: string): Promise<string> {
  const place = join(folder, name)
  await cp(join(ROOT, 'examples', name), place, { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(place, 'node_modules'))
  return place
}
