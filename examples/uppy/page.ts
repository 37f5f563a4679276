import { pageElement } from './page-element.ts'
import { requestSlot } from './slot.ts'
import { type SlotFile, slotUploads } from './slot-uploads.ts'
import { type UploadRow, addRow } from './upload-row.ts'

const picker = pageElement(document, '#files', HTMLInputElement)
const list = pageElement(document, '#uploads', HTMLUListElement)
const problem = pageElement(document, '#problem', HTMLParagraphElement)

const rows = new Map<string, UploadRow>()
const uppy = slotUploads({
  requestSlot,
  storage: localStorage,
  onPublished: ({ id }, url) => rows.get(id)?.done(url),
})

function rowOf(file: SlotFile | undefined): UploadRow | undefined {
  return file && rows.get(file.id)
}

function toggle(id: string): void {
  if (!uppy.getFile(id).error) return void uppy.pauseResume(id)
  rows.get(id)?.running()
  void uppy.retryUpload(id)
}

function addFile(file: File): void {
  try {
    uppy.addFile({ name: file.name, type: file.type, data: file })
  } catch (error) {
    // It is there already, for instance.
    problem.textContent = error instanceof Error ? error.message : String(error)
  }
}

uppy.on('file-added', ({ id, name }) => {
  const onRemove = (): void => {
    uppy.removeFile(id)
    picker.focus()
  }
  rows.set(id, addRow(list, name, { onToggle: () => toggle(id), onRemove }))
})
uppy.on('upload-progress', (file, { bytesUploaded, bytesTotal }) => {
  rowOf(file)?.progress(bytesUploaded, bytesTotal ?? 0)
})
uppy.on('upload-pause', (file, isPaused) => {
  if (isPaused) rowOf(file)?.paused()
  else rowOf(file)?.running()
})
uppy.on('upload-error', (file, { message }) => rowOf(file)?.failed(message))
uppy.on('file-removed', ({ id }) => {
  rows.get(id)?.remove()
  rows.delete(id)
})
uppy.on('error', ({ message }) => void (problem.textContent = message))

picker.addEventListener('change', () => {
  problem.textContent = ''
  for (const file of picker.files ?? []) addFile(file)
  picker.value = ''
})
