/** What a user does in a page with Converse.js, and sees there. */

export interface Login {
  readonly jid: string
  readonly password: string
}

/** Fills the login form in; resolves when the open chat can take files. */
export async function logIn({ jid, password }: Login): Promise<void> {
  const form = await appearing('#converse-login', HTMLFormElement)
  fill(form, 'jid', jid)
  fill(form, 'password', password)
  form.requestSubmit()
  await chatIsReady()
}

/** Resolves when the open chat can take files. */
export async function chatIsReady(): Promise<void> {
  await appearing('converse-chat input.fileupload', HTMLInputElement)
}

export interface ShownPicture {
  readonly url: string
  readonly width: number
  readonly height: number
}

/** The picture of that name in the chat, when it is shown. */
export async function shownPicture(name: string): Promise<ShownPicture> {
  const image = await appearing(`converse-chat-message img[src$="/${name}"]`, HTMLImageElement)
  await image.decode()
  return { url: image.src, width: image.naturalWidth, height: image.naturalHeight }
}

/** Has messages of the open chat encrypted from now on (XEP-0384), or not any more, once the contact can read such. */
export async function toggleEncryption(): Promise<void> {
  const lock = 'converse-chat .toggle-omemo[data-disabled="false"]'
  const button = await appearing(lock, HTMLButtonElement)
  button.click()
}

/** The address of the encrypted file of that name, with its key (XEP-0454), when a message tells it. */
export async function encryptedFile(name: string): Promise<string> {
  const told = `converse-chat-message-body[text^="aesgcm:"][text*="/${name}#"]`
  return String((await appearing(told, HTMLElement)).getAttribute('text'))
}

/** The upload that the page's newest request concerned (draft-ietf-httpbis-resumable-upload §4.1). */
export function uploadResource(): string | undefined {
  const requested = performance.getEntriesByType('resource').map(({ name }) => name)
  return requested.findLast((name) => name.includes('/-/uploads/'))
}

/** Whether the page talks to its XMPP server over HTTP (XEP-0206). */
export function isOverBosh(): boolean {
  return performance.getEntriesByType('resource').some(({ name }) => name.endsWith('/http-bind'))
}

function fill(form: HTMLFormElement, name: string, value: string): void {
  const field = form.elements.namedItem(name)
  if (!(field instanceof HTMLInputElement)) throw new Error(`The form has no field ${name}`)
  field.value = value
}

/** Waits for an element. */
async function appearing<E extends Element>(selector: string, kind: new () => E): Promise<E> {
  const { promise, resolve } = Promise.withResolvers<E>()
  const look = (): void => {
    const found = document.querySelector(selector)
    if (found instanceof kind) resolve(found)
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { subtree: true, childList: true, attributes: true })
  look()
  const found = await promise
  observer.disconnect()
  return found
}
