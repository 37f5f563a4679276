/** Every protocol through every fault at every place: the file arrives whole, once, and nothing hangs. */
import assert from 'node:assert/strict'
import process from 'node:process'
import { after, before, describe, test } from 'node:test'
import { seedOfThisRun, seededRandom } from '../interop/seeded-random.ts'
import { type Asked, USAGE, askedFor } from './command-line.ts'
import { type FaultSite, startFaultSite } from './fault-site.ts'
import { type InterruptedUpload, interruptedUpload } from './interrupted-upload.ts'
import {
  FACES,
  FAULTS,
  type FaultCase,
  type Fault,
  everyCase,
  idOf,
  selectedCases,
} from './matrix.ts'

const SELECTED = 150
const AT_A_TIME = 4

/** Beyond any pause of ours, and far below the time-outs that would end a request that hangs. */
const HANGS_AFTER = 30_000

const asked = askedOrExit()
const seed = seedOfThisRun()
const cases = chosenCases(asked)
const done = new Map<string, number>()
const resumedAbove0 = new Map<string, number>()

function askedOrExit(): Asked {
  try {
    const asks = askedFor(process.argv.slice(2))
    if (asks !== undefined) return asks
    console.log(USAGE)
    process.exit(0)
  } catch (error) {
    return exitWith(error instanceof Error ? error.message : String(error))
  }
}

function exitWith(message: string): never {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

function chosenCases({ only, all }: Asked): readonly FaultCase[] {
  if (only === undefined) return all ? everyCase() : selectedCases(SELECTED, seededRandom(seed))
  const found = everyCase().filter((one) => idOf(one) === only)
  return found.length === 0 ? exitWith(`There is no case ${only}`) : found
}

/** Servers that a case can share with others: whether it needs several processes, and its store. */
function siteOf({ store, fault }: FaultCase): string {
  return fault === 'other-node' || fault === 'other-worker' ? `${store}, ${fault}` : store
}

/** No server may have had anything to complain about. */
function assertNoComplaint(site: FaultSite): void {
  for (const { program } of site.nodes()) {
    assert.doesNotMatch(program.log(), /"level":"(?:error|fatal)"/u)
  }
}

function inBatches<T>(all: readonly T[]): T[][] {
  const batches = Math.ceil(all.length / AT_A_TIME)
  return Array.from({ length: batches }, (_, number) =>
    all.slice(number * AT_A_TIME, (number + 1) * AT_A_TIME),
  )
}

/** Some cases with the same fault, at the same time on the same servers. */
async function runBatch(
  batch: readonly FaultCase[],
  fault: Fault,
  site: FaultSite,
): Promise<readonly string[]> {
  const present = (await site.names()).files.length
  using stack = new DisposableStack()
  const uploads = batch.map((one) => stack.use(interruptedUpload(one, site, seed)))
  await each(uploads, async (upload) => await upload.reachCut())
  for (const upload of uploads) upload.breakConnection()
  if (fault === 'kill') await site.restart('SIGKILL')
  if (fault === 'restart') await site.restart('SIGTERM')
  await each(uploads, async (upload) => count(upload.id, await upload.goOn()))
  assertNoComplaint(site)
  const made = (await site.names()).files.length - present
  // A file that was linked when its server died, before it was stored and told, is nobody's until `gc` takes it.
  const most = fault === 'kill' ? 2 * batch.length : batch.length
  assert.ok(made >= batch.length && made <= most, `${made} files on disk for ${batch.length} slots`)
  return uploads.map(({ path }) => path)
}

/** Does it for all at once; whoever fails or hangs is named. */
async function each(
  uploads: readonly InterruptedUpload[],
  act: (upload: InterruptedUpload) => Promise<void>,
): Promise<void> {
  const outcomes = uploads.map(async (upload) => {
    try {
      await withinTime(act(upload))
    } catch (cause) {
      const repeat = `SEED=${seed} npm run test:faults -- --only ${upload.id}`
      throw new Error(`${upload.id}: ${String(cause)}\nrepeat it: ${repeat}`, { cause })
    }
  })
  const failed = (await Promise.allSettled(outcomes)).filter(({ status }) => status === 'rejected')
  const reasons = failed.flatMap((outcome) => ('reason' in outcome ? [String(outcome.reason)] : []))
  if (reasons.length > 0) throw new Error(reasons.join('\n'))
}

async function withinTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('it hangs')), HANGS_AFTER)
  try {
    await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

function count(id: string, { resumedAt = 0 }: { resumedAt?: number }): void {
  const [face = '', fault = ''] = id.split('/')
  for (const name of [face, fault]) done.set(name, (done.get(name) ?? 0) + 1)
  if (resumedAt > 0) resumedAbove0.set(face, (resumedAbove0.get(face) ?? 0) + 1)
}

/** What is left on the servers when all cases are done: the files, one record of each, and nothing else. */
async function assertTidy(site: FaultSite, paths: readonly string[]): Promise<void> {
  await site.collect()
  const { parts, files } = await site.names()
  assert.deepEqual({ parts, files: files.length }, { parts: [], files: paths.length })
  assert.deepEqual((await site.published()).toSorted(), paths.toSorted())
}

/** A kind of case that did not run was not proved, however green the others are. */
function assertEveryKindRan(): void {
  const kinds = [...FACES, ...FAULTS]
  for (const kind of kinds) {
    const [ran = 0, wentOn = 0] = [done.get(kind), resumedAbove0.get(kind)]
    console.log(`${kind}: ${ran} cases${wentOn > 0 ? `, ${wentOn} went on above byte 0` : ''}`)
  }
  assert.deepEqual(
    kinds.filter((kind) => !done.has(kind)),
    [],
    'kinds that did not run',
  )
  const resumable = FACES.filter((face) => face !== 'plain')
  assert.deepEqual(
    resumable.filter((face) => !resumedAbove0.has(face)),
    [],
    'protocols that always started again',
  )
}

console.log(`SEED=${seed} repeats this run of ${cases.length} cases`)

for (const [name, ofSite] of Map.groupBy(cases, siteOf)) {
  describe(name, () => {
    const paths: string[] = []
    let site: FaultSite
    before(async () => {
      const [{ store, fault } = { store: 'memory', fault: 'reset' } as const] = ofSite
      site = await startFaultSite(store, fault)
    })
    after(async () => await site[Symbol.asyncDispose]())

    for (const [fault, ofFault] of Map.groupBy(ofSite, (one) => one.fault)) {
      test(`${ofFault.length} uploads survive ${fault}`, async () => {
        for (const batch of inBatches(ofFault)) {
          paths.push(...(await runBatch(batch, fault, site)))
        }
      })
    }

    // What memory holds, no other process can ask for.
    const isAskable = !name.startsWith('memory')
    test('nothing but the files is left', { skip: !isAskable }, async () => {
      await assertTidy(site, paths)
    })
  })
}

test('each kind of case ran', { skip: asked.only !== undefined }, assertEveryKindRan)
