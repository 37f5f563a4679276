import { READ_ACROSS, SENT_ACROSS } from '../../../wire/cross-origin-fields.ts'
import type { Check } from '../check.ts'
import type { Deployment } from '../deployment.ts'
import { type Remedy, failed, ok } from '../finding.ts'
import { type Answer, described, field } from '../http-client.ts'
import { inNginx } from '../remedies.ts'
import { speaksResumable } from '../resumable-upload.ts'

/** A web client that is served from elsewhere. */
const ORIGIN = 'https://webchat.example'

/** A resource that a web client sends requests to, and by which methods. */
interface Resource {
  readonly path: string
  readonly methods: readonly string[]
}

const SLOT: Resource = { path: 'doctor/doctor.bin', methods: ['PUT'] }
const UPLOAD: Resource = {
  path: `-/uploads/${'0'.repeat(43)}`,
  methods: ['PATCH', 'HEAD', 'DELETE'],
}

/** Converse.js and other web clients upload from pages of another origin. */
export const corsCheck: Check = {
  name: 'cors',
  about: 'pages of other origins may upload, and read the answers',
  needs: ['health'],
  async run(deployment, signal) {
    const slot = await preflight(deployment, SLOT, signal)
    const goesOn = canGoOn(deployment, slot)
    const wrong =
      wrongIn(slot, SLOT) ??
      (goesOn ? wrongIn(await preflight(deployment, UPLOAD, signal), UPLOAD) : undefined) ??
      (await wrongInAnswer(deployment, signal))
    if (wrong !== undefined) {
      return failed(`${wrong}: web clients cannot upload`, ...remedies(deployment))
    }
    return ok(`web clients of any origin${goesOn ? '' : '; the server lets no upload go on'}`)
  },
}

/** The configuration knows best: a proxy may have answered in the server's place. */
function canGoOn({ config }: Deployment, options: Answer): boolean {
  return config?.networkResilience.uploadResumption ?? speaksResumable(options)
}

async function preflight(
  { publicUrl, http }: Deployment,
  { path, methods }: Resource,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = {
    Origin: ORIGIN,
    'Access-Control-Request-Method': methods[0] ?? '',
    'Access-Control-Request-Headers': SENT_ACROSS.join(', ').toLowerCase(),
  }
  return await http.ask({ method: 'OPTIONS', url: new URL(path, publicUrl).href, headers }, signal)
}

function wrongIn(answer: Answer, { methods }: Resource): string | undefined {
  const what = `OPTIONS (${described(answer)})`
  if (answer.status !== 200 && answer.status !== 204) return `${what} is not answered with 200`
  return (
    wrongOrigin(answer, what) ??
    lacking(answer, 'access-control-allow-methods', methods) ??
    lacking(answer, 'access-control-allow-headers', SENT_ACROSS)
  )
}

/** The final answer needs its own permission, refusals included. */
async function wrongInAnswer(
  { publicUrl, http }: Deployment,
  signal: AbortSignal,
): Promise<string | undefined> {
  const url = new URL(SLOT.path, publicUrl).href
  const answer = await http.ask({ method: 'GET', url, headers: { Origin: ORIGIN } }, signal)
  return (
    wrongOrigin(answer, `GET (${described(answer)})`) ??
    lacking(answer, 'access-control-expose-headers', READ_ACROSS)
  )
}

function wrongOrigin(answer: Answer, what: string): string | undefined {
  const allowed = field(answer, 'access-control-allow-origin')
  if (allowed === '*' || allowed === ORIGIN) return undefined
  if (allowed === '') return `${what} has no Access-Control-Allow-Origin`
  return `${what} has Access-Control-Allow-Origin “${allowed}”, which browsers refuse`
}

function lacking(answer: Answer, name: string, wanted: readonly string[]): string | undefined {
  const list = field(answer, name).toLowerCase()
  if (list === '') return `there is no ${name}`
  const listed = new Set(list.split(/\s*,\s*/u))
  const missing = wanted.filter((one) => !listed.has(one.toLowerCase()))
  return missing.length === 0 ? undefined : `${name} lacks ${missing.join(', ')}`
}

function remedies(deployment: Deployment): readonly Remedy[] {
  return [
    inNginx(
      deployment,
      '# the server answers OPTIONS and sends the fields itself: remove what is like these',
      '# if ($request_method = OPTIONS) { return 204; }',
      '# add_header Access-Control-…;  proxy_hide_header Access-Control-…;  limit_except …',
    ),
  ]
}
