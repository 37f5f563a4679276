import { command, type Command } from '../command.ts'
import { buildFacts } from '../build-facts.ts'

/** Prints what is running, for bug reports. */
export const versionCommand: Command = command({
  name: 'version',
  summary: 'Prints the version.',
  flags: { json: { type: 'boolean', help: 'print one JSON object' } },
  run: async ({ flags }, io) => {
    const facts = await buildFacts()
    const commit = facts.commit === undefined ? '' : `, commit ${facts.commit.slice(0, 12)}`
    const text = `hmac-file-server ${facts.version} (Node.js ${facts.node}${commit})`
    io.stdout.write(`${flags.json === true ? JSON.stringify(facts) : text}\n`)
    return 0
  },
})
