/** Writes a part until that fails; prints the refusal's code, the writer's length and the part's size. */
import { filesystemBlobStore } from '../../src/blobs/filesystem/blob-store.ts'
import { Refusal } from '../../src/core/refusals.ts'

const [, , folder = '', pace] = process.argv

let now = 0
// On a slow disk each look at the clock is 60 ms after the last: the first write makes the rest asynchronous.
let perLook = pace === 'slow' ? 60 : 0
await using store = await filesystemBlobStore({ folder, stopwatch: () => (now += perLook) })
const part = `part-${pace}`
await using writer = await store.create(part)

async function fill(): Promise<string> {
  try {
    for (let batch = 0; batch < 1000; batch++) {
      await writer.write([Buffer.alloc(3000, 'a'), Buffer.alloc(7000, 'b')])
      perLook = 0
    }
    return 'none'
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error)
  }
}

console.log(await fill(), writer.length, await store.partSize(part))
