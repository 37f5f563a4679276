import { pageElement } from './page-element.ts'

/** What people can ask of an upload. */
export interface RowActions {
  /** Pause, go on, or try again, as the state has it. */
  readonly onToggle: () => void
  readonly onRemove: () => void
}

/** An upload in the list. */
export interface UploadRow {
  /** So many bytes of all. */
  readonly progress: (sent: number, size: number) => void
  readonly running: () => void
  readonly paused: () => void
  readonly failed: (why: string) => void
  readonly done: (url: string) => void
  readonly remove: () => void
}

/** Adds an upload to the list, above those that are there. */
export function addRow(list: HTMLElement, fileName: string, actions: RowActions): UploadRow {
  const template = pageElement(document, '#upload', HTMLTemplateElement)
  const row = pageElement(document.importNode(template.content, true), 'li', HTMLLIElement)
  const bar = pageElement(row, 'progress', HTMLProgressElement)
  const state = pageElement(row, '.state', HTMLParagraphElement)
  const toggle = pageElement(row, '.toggle', HTMLButtonElement)
  const remove = pageElement(row, '.remove', HTMLButtonElement)
  const link = pageElement(row, '.link', HTMLAnchorElement)

  pageElement(row, 'h2', HTMLHeadingElement).textContent = fileName
  bar.ariaLabel = `Progress of ${fileName}`
  toggle.addEventListener('click', actions.onToggle)
  remove.addEventListener('click', actions.onRemove)
  name(remove, 'Remove')
  list.prepend(row)

  function name(control: HTMLElement, text: string): void {
    control.textContent = text
    control.ariaLabel = `${text}: ${fileName}`
  }

  function show(kind: 'running' | 'paused' | 'failed' | 'done', words: string, next: string): void {
    row.dataset['state'] = kind
    state.textContent = words
    name(toggle, next)
  }

  show('running', '', 'Pause')
  return {
    progress: (sent, size) => void (bar.value = size === 0 ? 1 : sent / size),
    running: () => show('running', '', 'Pause'),
    paused: () => show('paused', 'Paused', 'Go on'),
    failed: (why) => show('failed', why, 'Try again'),
    done(url) {
      show('done', 'Done', '')
      name(link, 'Open')
      link.href = url
      link.hidden = false
      // Whoever uses the keyboard is not thrown back to the top of the page.
      if (document.activeElement === toggle) link.focus()
      toggle.hidden = true
    },
    remove: () => row.remove(),
  }
}
