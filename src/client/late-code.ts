import { ConnectionLost } from './connection-lost.ts'

/** Code that most pages never run: it is loaded when it is first used, and again if that fails (`ConnectionLost`). */
export async function loaded<Module>(load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    throw new ConnectionLost('A part of the client cannot be loaded', { cause })
  }
}
