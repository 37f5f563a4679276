import { parseArgs } from 'node:util'

/** Which cases are asked for; neither: a cover of the matrix. */
export interface Asked {
  readonly all: boolean
  readonly only: string | undefined
}

export const USAGE = `Usage: npm run test:faults -- [--all | --only ID]

  without a flag  a pairwise cover of the matrix, filled up to 150 cases
  --all           every case
  --only ID       one case, by the name that a failure tells

SEED=NUMBER in the environment repeats a run. Needs redis-server.`

/** Reads the command line; nothing where only the usage is asked for. Throws what makes no sense. */
export function askedFor(argv: readonly string[]): Asked | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: { all: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
  })
  if (values.help === true) return undefined
  return { all: values.all === true, only: values.only }
}
