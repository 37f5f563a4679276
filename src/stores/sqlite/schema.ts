import type { DatabaseSync } from 'node:sqlite'

/**
 * The steps from an empty file to the present schema, in order; the number of steps taken stands in
 * `user_version`. A step that was released is never changed: add another one.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE slots (
     fingerprint  TEXT PRIMARY KEY NOT NULL,
     record       TEXT NOT NULL,
     owner        TEXT NOT NULL,
     size         INTEGER NOT NULL,
     reserving    INTEGER NOT NULL,
     due_at       REAL,
     lease_epoch  INTEGER NOT NULL,
     lease_id     TEXT NOT NULL
   ) STRICT;
   CREATE INDEX slots_reserving ON slots (owner, size) WHERE reserving = 1;
   CREATE INDEX slots_due ON slots (due_at) WHERE due_at IS NOT NULL;

   CREATE TABLE resources (
     resource     TEXT PRIMARY KEY NOT NULL,
     fingerprint  TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX resources_fingerprint ON resources (fingerprint);

   -- No trigger on the writes of every upload: it would make each of them keep a statement journal.
   CREATE TRIGGER slots_delete AFTER DELETE ON slots BEGIN
     DELETE FROM resources WHERE fingerprint = OLD.fingerprint;
   END;

   CREATE TABLE claims (
     claim        TEXT PRIMARY KEY NOT NULL,
     fingerprint  TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,

  `CREATE TABLE sessions (
     key             TEXT PRIMARY KEY NOT NULL,
     record          TEXT NOT NULL,
     opened_at       REAL NOT NULL,
     last_active_at  REAL NOT NULL,
     idle            INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX sessions_opened ON sessions (opened_at);
   CREATE INDEX sessions_idle ON sessions (last_active_at) WHERE idle = 1;

   -- Of a spent slot the network is nobody's business any more.
   UPDATE slots SET record = json_set(record, '$.network', '')
   WHERE json_extract(record, '$.state') = 'spent';`,

  `CREATE TABLE nonces (
     nonce           TEXT PRIMARY KEY NOT NULL,
     redeemed_until  REAL NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX nonces_ended ON nonces (redeemed_until);`,

  `CREATE TABLE marks (
     list     TEXT NOT NULL,
     name     TEXT NOT NULL,
     ends_at  REAL NOT NULL,
     PRIMARY KEY (list, name)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX marks_ended ON marks (list, ends_at);`,
]

/**
 * Brings the database to the present schema. Throws an `Error` if a newer release wrote it.
 * Safe when two processes do it at once.
 */
export function migrate(database: DatabaseSync): void {
  if (versionOf(database) === MIGRATIONS.length) return
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(database)
    if (version > MIGRATIONS.length) throw tooNew(version)
    for (const step of MIGRATIONS.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`)
    database.exec('COMMIT')
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
}

function tooNew(version: number): Error {
  const known = MIGRATIONS.length
  return new Error(
    `it was written by a newer release (schema ${version}, this release knows ${known})`,
  )
}
