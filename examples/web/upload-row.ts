import type { Progress } from 'hmac-file-server/client'
import { pageElement } from './page-element.ts'
import { bytesText, secondsText } from './quantities.ts'
import { showThumbnail } from './thumbnail.ts'
import { type Timeline, timeline } from './timeline.ts'

/** What people are told of an upload. */
export type RowState =
  | { readonly kind: 'queued' | 'running' | 'paused' }
  | { readonly kind: 'done'; readonly url: string }
  | { readonly kind: 'failed'; readonly why: string }

/** What people can ask of it. */
export interface RowActions {
  /** Pause, go on, or try again, as the state has it. */
  readonly onToggle: () => void
  readonly onRemove: () => void
}

/** An upload in the list. */
export interface UploadRow extends Timeline {
  readonly show: (state: RowState) => void
  readonly progress: (progress: Progress) => void
  readonly remove: () => void
}

const TOGGLE: Readonly<Record<RowState['kind'], string>> = {
  queued: 'Pause',
  running: 'Pause',
  paused: 'Go on',
  failed: 'Try again',
  done: '',
}

/** Adds an upload to the list, above those that are there. */
export function addRow(list: HTMLElement, file: File, actions: RowActions): UploadRow {
  const template = pageElement(document, '#upload', HTMLTemplateElement)
  const row = pageElement(document.importNode(template.content, true), '.upload', HTMLLIElement)
  const bar = pageElement(row, 'progress', HTMLProgressElement)
  const figures = pageElement(row, '.figures', HTMLParagraphElement)
  const stateText = pageElement(row, '.state', HTMLParagraphElement)
  const toggle = pageElement(row, '.pause', HTMLButtonElement)
  const remove = pageElement(row, '.remove', HTMLButtonElement)
  const link = pageElement(row, '.link', HTMLAnchorElement)

  pageElement(row, '.name', HTMLHeadingElement).textContent = file.name
  bar.ariaLabel = `Progress of ${file.name}`
  figures.textContent = bytesText(file.size)
  toggle.addEventListener('click', actions.onToggle)
  remove.addEventListener('click', actions.onRemove)
  list.prepend(row)
  void showThumbnail(pageElement(row, '.thumbnail', HTMLDivElement), file)

  function name(control: HTMLElement, text: string): void {
    control.textContent = text
    control.ariaLabel = `${text}: ${file.name}`
  }

  let amounts: Progress | undefined

  return {
    show(state) {
      row.dataset['state'] = state.kind
      stateText.textContent = stateWords(state)
      // What rests has no speed.
      if (state.kind !== 'running' && amounts) figures.textContent = figuresText(amounts)
      name(toggle, TOGGLE[state.kind])
      name(remove, state.kind === 'done' ? 'Remove' : 'Cancel')
      if (state.kind !== 'done') return
      name(link, 'Open')
      link.href = state.url
      link.hidden = false
      // Whoever paused by the keyboard is not thrown back to the top of the page.
      if (document.activeElement === toggle) link.focus()
      toggle.hidden = true
    },
    progress(progress) {
      const { sent, stored, size } = progress
      amounts = { sent, stored, size }
      bar.value = size === 0 ? 1 : sent / size
      figures.textContent = figuresText(progress)
    },
    ...timeline(pageElement(row, '.timeline', HTMLOListElement)),
    remove: () => row.remove(),
  }
}

function stateWords(state: RowState): string {
  switch (state.kind) {
    case 'queued':
      return 'Waits for its turn'
    case 'running':
      return ''
    case 'paused':
      return 'Paused'
    case 'done':
      return 'Done'
    case 'failed':
      return state.why
  }
}

function figuresText({ sent, stored, size, rate, eta }: Progress): string {
  const parts = [`${bytesText(sent)} of ${bytesText(size)}`, `the server has ${bytesText(stored)}`]
  if (rate !== undefined) parts.push(`${bytesText(rate)} a second`)
  if (eta !== undefined && sent < size) parts.push(`${secondsText(eta)} left`)
  return parts.join(', ')
}
