import process from 'node:process'

/** What is put off, oldest first. */
const due = new Set<() => void>()

let isWatched = false

/**
 * Runs `work` once when this turn of the event loop is over: what is asked for twice is done once.
 * It is done, too, when the process ends before that, by `process.exit` or by an uncaught error;
 * only a signal that nobody handles is quicker.
 */
export function atTurnEnd(work: () => void): void {
  if (due.size === 0) setImmediate(runDue)
  watch()
  due.add(work)
}

function watch(): void {
  if (isWatched) return
  isWatched = true
  process.on('exit', runDue)
  // Before Node.js prints the error, so that the last lines stand above it.
  process.on('uncaughtExceptionMonitor', runDue)
}

function runDue(): void {
  try {
    for (const work of due) {
      due.delete(work)
      work()
    }
  } finally {
    // One that throws takes nobody else's work along.
    if (due.size > 0) setImmediate(runDue)
  }
}
