import { type Site, SECRETS, startSite } from '../app/site.ts'
import { type Signing, signedPut } from '../app/slots.ts'
import { ask } from '../app/wire-client.ts'

/** The arguments by which a command finds what a site stores in its folder. */
export const SAME_SITE: readonly string[] = [
  ['server.public_url', 'https://files.example/up/'],
  ['grants.v1_secret', SECRETS.v1],
].flatMap(([name, value]) => ['--set', `${name}=${value}`])

/** A running server in `cwd` that {@link SAME_SITE} describes. */
export async function siteIn(cwd: string): Promise<Site> {
  return await startSite(['server.public_url=https://files.example/up/'], { folder: cwd })
}

/** Uploads a file to the site. */
export async function upload(
  { port }: Site,
  path: string,
  { content = path, ...how }: Signing & { content?: string } = {},
): Promise<void> {
  const { status } = await ask(port, signedPut(path, content, { prefix: '/up/', ...how }))
  if (status !== 201) throw new Error(`${path} was answered with ${status}`)
}

/** The status of a GET of the path. */
export async function statusOf({ port }: Site, path: string): Promise<number> {
  return (await ask(port, { method: 'GET', target: `/up/${path}` })).status
}
