import type { TestContext } from 'node:test'

/** Lets pass so many milliseconds of the test's clock, and whatever they began. */
export async function pass(t: TestContext, milliseconds: number): Promise<void> {
  t.mock.timers.tick(milliseconds)
  await new Promise(setImmediate)
}
