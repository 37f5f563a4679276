import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import test from 'node:test'
import { rawClient } from './server-fixture.ts'

const PROGRAM = join(import.meta.dirname, 'interrupted-server.ts')
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

function putOf(name: string): string {
  return `PUT /${name} HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n${name.repeat(200)}`
}

/** The body of the second answer; nothing if there is none. */
function secondBody(received: string): string | undefined {
  return received.split('HTTP/1.1 ')[2]?.split('\r\n\r\n')[1]
}

test('a program that lives on after an error of its own never mixes up the bodies of two clients', async () => {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = await once(child.stdout, 'data')
    await using clients = new AsyncDisposableStack()
    const uploads = await Promise.all(
      NAMES.map(async (name) => ({ name, client: clients.use(await rawClient(Number(line))) })),
    )
    for (const { client } of uploads) {
      client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await client.until('GET:')
    }
    // What is sent to a process that stands still is all there when it goes on, and received in one turn.
    child.kill('SIGSTOP')
    for (const { name, client } of uploads) client.socket.write(putOf(name))
    child.kill('SIGCONT')
    const outcomes = await Promise.all(
      uploads.map(async ({ client }) => {
        await Promise.race([client.until('PUT:'), client.ended])
        return secondBody(client.received())
      }),
    )
    for (const [at, body] of outcomes.entries()) {
      const name = NAMES[at] ?? ''
      assert.ok(body === undefined || body === `PUT:${name.repeat(200)}`, `${name} got ${body}`)
    }
    assert.ok(outcomes.includes(undefined), 'no tick was interrupted')
  } finally {
    child.kill('SIGKILL')
  }
})
