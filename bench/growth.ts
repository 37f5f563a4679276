import { makeTemplates } from './growth-records.ts'
import { growthMarkdown } from './growth-report.ts'
import { FULL, measureGrowth, QUICK } from './growth-run.ts'
import { machineFacts } from './machine.ts'
import { writeResults } from './results-folder.ts'
import type { Settings } from './settings.ts'
import { openWorkFolder, WORK_FOLDER } from './work-folder.ts'

/** What each thing that a server keeps costs. Judges nothing. */
export async function growth(settings: Settings): Promise<boolean> {
  const { quick, signal } = settings
  await using work = await openWorkFolder(WORK_FOLDER)
  const templates = await makeTemplates(work.folder('templates'), signal)
  const scale = quick ? QUICK : FULL
  const result = await measureGrowth({ scale, templates, work, signal })
  const machine = machineFacts()
  const markdown = growthMarkdown(result, machine)
  const json = `${JSON.stringify({ machine, ...result }, null, 2)}\n`
  writeResults(settings, 'growth', { md: markdown, json })
  console.log(`\n${markdown}`)
  return true
}
