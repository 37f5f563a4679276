import { isIP } from 'node:net'
import { fileMark, watchFile } from '../core/watched-file.ts'
import type { RiskEvents } from './events.ts'
import { type Database, readDatabase } from './mmdb.ts'
import type { RecordedPlace } from './mmdb-record.ts'
import type { Place } from './place.ts'

/** Knows where addresses are. */
export interface Places extends AsyncDisposable {
  /**
   * Where an address, or the first one of a network such as `192.0.2.0/24`, is. Nothing if no database
   * knows it, or for another text, such as the name of a network that must not be stored.
   */
  find(address: string): Place | undefined
}

/** Files in the MMDB format. */
export interface PlaceFiles {
  readonly asnDatabase?: string | undefined
  /** Of cities or countries. */
  readonly cityDatabase?: string | undefined
}

/**
 * Opens the databases, each whole in memory; one that changes on disk is read again, and if it then cannot
 * be used, the one before goes on. Without files nothing is ever found.
 * @throws {OperatorError} if a file cannot be used
 */
export async function openPlaces(files: PlaceFiles, events: RiskEvents): Promise<Places> {
  await using opened = new AsyncDisposableStack()
  const sources: LiveDatabase[] = []
  for (const file of [files.asnDatabase, files.cityDatabase]) {
    if (file !== undefined) sources.push(opened.use(await liveDatabase(file, events)))
  }
  const held = opened.move()
  return {
    find(address): Place | undefined {
      const [bare = ''] = address.split('/', 1)
      if (sources.length === 0 || isIP(bare) === 0) return undefined
      const found = sources.map((source) => source.find(bare))
      return found.every((place) => place === undefined) ? undefined : together(found)
    },
    [Symbol.asyncDispose]: async () => await held.disposeAsync(),
  }
}

/** What several databases say of one address: the later ones are believed more. */
function together(found: readonly (RecordedPlace | undefined)[]): Place {
  const { suggestedClass, ...place }: RecordedPlace = Object.assign({}, ...found)
  const isSuggested = place.networkClass === undefined && suggestedClass !== undefined
  return isSuggested ? { ...place, networkClass: suggestedClass } : place
}

type LiveDatabase = Pick<Database, 'find'> & AsyncDisposable

/** A database that follows its file. */
async function liveDatabase(file: string, events: RiskEvents): Promise<LiveDatabase> {
  const mark = await fileMark(file)
  let database = await readDatabase(file)
  let isDamageTold = false
  const failed = (error: unknown): void => events.placesRefused(file, error)
  const changed = async (): Promise<void> => {
    try {
      database = await readDatabase(file)
      isDamageTold = false
      events.placesReloaded(file)
    } catch (error) {
      failed(error)
    }
  }
  const watched = watchFile(file, mark, { changed, failed })
  return {
    find(address): RecordedPlace | undefined {
      try {
        return database.find(address)
      } catch (error) {
        // Damaged where nobody looked yet: rather one place less than a request that fails for it.
        if (!isDamageTold) failed(error)
        isDamageTold = true
        return undefined
      }
    },
    [Symbol.asyncDispose]: async () => await watched[Symbol.asyncDispose](),
  }
}
