import { showDemoPanel } from './demo-panel.ts'
import { type KeptTransfer, keepTransfer, keptTransfers } from './kept-transfers.ts'
import { pageElement } from './page-element.ts'
import { type ShownTransfer, startTransfer } from './transfer.ts'

const picker = pageElement(document, '#files', HTMLInputElement)
const list = pageElement(document, '#uploads', HTMLUListElement)
const session = pageElement(document, '#session', HTMLSelectElement)
const offline = pageElement(document, '#offline', HTMLParagraphElement)
const shown = new Set<string>()

function show(transfer: KeptTransfer, state: Pick<ShownTransfer, 'isRestored' | 'kept'>): void {
  shown.add(transfer.id)
  const onRemoved = (): void => {
    shown.delete(transfer.id)
    picker.focus()
  }
  startTransfer({ ...transfer, ...state, list, onRemoved })
}

function add(files: Iterable<File>): void {
  for (const file of files) {
    const id = `${file.name}/${file.size}/${file.lastModified}`
    // A file that is chosen twice is one upload.
    if (shown.has(id)) continue
    const transfer = { id, file, session: sessionKind() }
    show(transfer, { isRestored: false, kept: keepTransfer(transfer) })
  }
}

function sessionKind(): KeptTransfer['session'] {
  const { value } = session
  return value === 'dpop' || value === 'none' ? value : 'hmac'
}

function showOffline(): void {
  offline.textContent = navigator.onLine ? '' : 'You are offline. Uploads go on by themselves.'
}

picker.addEventListener('change', () => {
  add([...(picker.files ?? [])])
  picker.value = ''
})
document.addEventListener('dragover', (event) => {
  if (!event.dataTransfer?.types.includes('Files')) return
  event.preventDefault()
  document.body.classList.add('dragging')
})
for (const over of ['dragleave', 'drop']) {
  document.addEventListener(over, () => document.body.classList.remove('dragging'))
}
document.addEventListener('drop', (event) => {
  event.preventDefault()
  add([...(event.dataTransfer?.files ?? [])])
})
addEventListener('online', showOffline)
addEventListener('offline', showOffline)

showOffline()
await showDemoPanel()
const left = await keptTransfers().catch(() => [])
for (const transfer of left) show(transfer, { isRestored: true, kept: Promise.resolve() })
