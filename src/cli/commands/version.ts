import { command, type Command } from '../command.ts'
import { readBuildInfo } from '../../observe/build-info.ts'

/** Prints what is running, for bug reports. */
export const versionCommand: Command = command({
  name: 'version',
  summary: 'Prints the version.',
  flags: { json: { type: 'boolean', help: 'print one JSON object' } },
  run: ({ flags }, io) => {
    const facts = readBuildInfo()
    const commit = facts.commit === 'unknown' ? '' : `, commit ${facts.commit}`
    const text = `hmac-file-server ${facts.version} (Node.js ${facts.node}${commit})`
    io.stdout.write(`${flags.json === true ? JSON.stringify(facts) : text}\n`)
    return Promise.resolve(0)
  },
})
