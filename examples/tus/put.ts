/** `node put.ts FILE SLOT [TYPE]` uploads a file to the PUT URL of a slot; called again after it was ended, it goes on. */
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'
import { FileUrlStorage } from 'tus-js-client'
import { uploadToSlot } from './slot-upload.ts'

/** Where unfinished uploads are remembered. */
const MEMORY = 'uploads.json'

const [file, putUrl, type = 'application/octet-stream'] = process.argv.slice(2)

function showProgress(): (sent: number, size: number) => void {
  let shown: number | undefined
  return (sent, size) => {
    const percent = Math.floor((100 * sent) / size)
    if (shown === undefined && sent > 0) console.log(`Goes on at byte ${sent}`)
    if (shown !== percent) console.log(`${percent} %`)
    shown = percent
  }
}

async function put(path: string, slot: string): Promise<void> {
  // Whoever knows the address of an upload may go on with it: its file is for this user only.
  process.umask(0o077)
  await uploadToSlot(createReadStream(path), slot, {
    // The type is signed in some slots, and what the file is served with.
    metadata: { filename: basename(path), filetype: type },
    urlStorage: new FileUrlStorage(MEMORY),
    onProgress: showProgress(),
  })
  console.log('The file is there')
}

if (file === undefined || putUrl === undefined) {
  console.error('Usage: node put.ts FILE SLOT [TYPE]')
  process.exitCode = 2
} else {
  await put(file, putUrl).catch((error: unknown) => {
    console.error(String(error))
    process.exitCode = 1
  })
}
