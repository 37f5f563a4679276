/** `@tus/server` with its file store and all else as it comes, as a program: port, folder. Not TypeScript, because the types it comes with need those of every other runtime. */
import process from 'node:process'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [port, directory = ''] = process.argv.slice(2)
const server = new Server({ path: '/files', datastore: new FileStore({ directory }) })
server.listen({ host: '127.0.0.1', port: Number(port) })
