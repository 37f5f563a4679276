/**
 * A server in a program that lives on after errors that nobody handled, with a handler that makes one for each PUT and asks
 * for the body later. Prints its port; answers with the body that it got.
 */
import process from 'node:process'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { serve } from './server-fixture.ts'

process.on('uncaughtException', () => {})

const { promise: never } = Promise.withResolvers<void>()

await using server = await serve(async (exchange) => {
  const { method, body } = exchange
  if (method === 'PUT') {
    process.nextTick(() => {
      throw new Error('somebody else makes a mistake')
    })
    await nextTurn()
  }
  let received = ''
  await body.pump((batch) => {
    for (const piece of batch) received += Buffer.from(piece).toString()
  })
  exchange.reply({ status: 200, body: `${method}:${received}` })
})
process.stdout.write(`${server.port}\n`)
await never
