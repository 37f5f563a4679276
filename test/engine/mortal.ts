import { setImmediate as nextTurn } from 'node:timers/promises'

/** A process that can be killed between, before and after any two steps of its work outside of it. */
export interface Mortality {
  /** Lets it live for so many more steps; 0: not one more. */
  dieAfter(steps: number): void
  readonly isDead: () => boolean
  /** Resolves when it has died. */
  readonly death: Promise<void>
  /**
   * The port as this process sees it: each call takes some turns of the event loop, and none that was
   * not answered before the death ever is.
   */
  through<T extends object>(port: T): T
}

/** Neither a step nor an answer: the process is gone. */
const NEVER = new Promise<never>(() => {})

/** Calls that return no promise. */
const IMMEDIATE: ReadonlySet<unknown> = new Set(['list', 'all', 'reserving', 'location'])

/** A process; `turns` says how many turns of the event loop its next call takes. */
export function mortality(turns: () => number): Mortality {
  const { promise: death, resolve } = Promise.withResolvers<void>()
  let left = Infinity

  function live(): boolean {
    left -= 1
    if (left < 0) resolve()
    return left >= 0
  }

  /** The call happens or not, and if it does its answer may be lost. */
  async function step(call: () => unknown): Promise<unknown> {
    if (!live()) return await NEVER
    for (let turn = turns(); turn > 0; turn -= 1) await nextTurn()
    if (!live()) return await NEVER
    const answer = await call()
    return live() ? answer : await NEVER
  }

  function through<T extends object>(port: T): T {
    return new Proxy<T>(port, {
      get(target, name): unknown {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function' || IMMEDIATE.has(name)) return member
        return (...args: unknown[]): unknown =>
          step(async () => {
            const call: unknown = Reflect.apply(member, target, args)
            const answer = await call
            return isWriter(answer) ? through(answer) : answer
          })
      },
    })
  }

  return {
    dieAfter(steps): void {
      left = steps
      if (steps === 0) resolve()
    },
    isDead: () => left < 0 || left === 0,
    death,
    through,
  }
}

function isWriter(answer: unknown): answer is object {
  return typeof answer === 'object' && answer !== null && 'sync' in answer
}
