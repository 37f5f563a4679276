import { randomId } from '../../core/random.ts'

/** Bytes to upload that nobody has seen before. */
export interface TestFile {
  readonly name: string
  readonly type: string
  readonly bytes: Buffer
}

/** A file of `size` bytes. */
export function testFile(size: number, type = 'application/octet-stream'): TestFile {
  return { name: 'doctor.bin', type, bytes: noise(size) }
}

/** A page with a script, which no server of uploads may let a browser show. */
export function testPage(size: number): TestFile {
  const page = Buffer.from('<!doctype html><script>document.title = 1</script>\n')
  const bytes = Buffer.concat([page, noise(size - page.length)])
  return { name: 'doctor.html', type: 'text/html', bytes }
}

function noise(size: number): Buffer {
  return Buffer.from(randomId(size)).subarray(0, size)
}

/** A whole number from `min` up to, not including, `end`. */
export function randomBetween(min: number, end: number): number {
  return min + (Buffer.from(randomId(6), 'base64url').readUIntBE(0, 6) % (end - min))
}
