/** `@tus/server` with its file store and all else as it comes, as a program: folder. Prints its port. Not TypeScript, because the types it comes with need those of every other runtime. */
import process from 'node:process'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [directory = ''] = process.argv.slice(2)
const server = new Server({ path: '/files', datastore: new FileStore({ directory }) })
const listener = server.listen({ host: '127.0.0.1', port: 0 }, () => {
  console.log(`Listening on 127.0.0.1:${listener.address().port}`)
})
