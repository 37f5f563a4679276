import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BrowserPage, Fields } from './chromium.ts'

const REPORT = join(import.meta.dirname, 'report')

/** Resolves when an expression holds in the page, which is looked at again with each change of its document. */
export async function holds(page: BrowserPage, condition: string): Promise<void> {
  await page.run(`new Promise((resolve) => {
    const look = () => {
      if (!(${condition})) return
      observer.disconnect()
      resolve(true)
    }
    const observer = new MutationObserver(look)
    const all = { subtree: true, childList: true, attributes: true, characterData: true }
    observer.observe(document, all)
    look()
  })`)
}

/** Chooses files as a user does in the dialog of a file input. */
export async function chooseFiles(
  page: BrowserPage,
  selector: string,
  files: readonly string[],
): Promise<void> {
  const { root } = await page.ask('DOM.getDocument', { depth: 0 })
  const { nodeId } = await page.ask('DOM.querySelector', {
    nodeId: field(root, 'nodeId'),
    selector,
  })
  await page.ask('DOM.setFileInputFiles', { nodeId, files })
}

/** Takes the network away from the page, or gives it back. */
export async function setOffline(page: BrowserPage, offline: boolean): Promise<void> {
  await page.ask('Network.enable', {})
  const unlimited = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
  await page.ask('Network.emulateNetworkConditions', { offline, ...unlimited })
}

/** Presses a key on whatever has the focus. */
export async function press(page: BrowserPage, key: 'Enter' | 'Tab'): Promise<void> {
  const code = { Enter: 13, Tab: 9 }[key]
  const event = {
    key,
    code: key,
    windowsVirtualKeyCode: code,
    ...(key === 'Enter' && { text: '\r' }),
  }
  await page.ask('Input.dispatchKeyEvent', { type: 'keyDown', ...event })
  await page.ask('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
}

/** What assistive technology is told of the page: roles and names of what is not ignored. */
export async function accessibleNodes(
  page: BrowserPage,
): Promise<readonly { readonly role: string; readonly name: string }[]> {
  const { nodes } = await page.ask('Accessibility.getFullAXTree', {})
  return (Array.isArray(nodes) ? nodes : [])
    .filter((node) => field(node, 'ignored') !== true)
    .map((node) => ({ role: told(node, 'role'), name: told(node, 'name') }))
}

function told(node: unknown, property: string): string {
  const value = field(field(node, property), 'value')
  return typeof value === 'string' ? value : ''
}

/** Keeps a picture of the page in `test/interop/report/`. */
export async function takePicture(page: BrowserPage, name: string): Promise<void> {
  const { data } = await page.ask('Page.captureScreenshot', { format: 'png' })
  await mkdir(REPORT, { recursive: true })
  await writeFile(join(REPORT, `${name}.png`), String(data), 'base64')
}

function field(value: unknown, name: string): unknown {
  const fields: Fields = { ...Object(value) }
  return fields[name]
}
