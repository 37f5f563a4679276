import { pageElement } from './page-element.ts'
import { askSite } from './site.ts'

/** Shows what can happen to the network, if the page comes from the demonstration's server. */
export async function showDemoPanel(): Promise<void> {
  const network = await askSite('demo/network', {}).catch(() => undefined)
  if (!network) return
  const panel = pageElement(document, '#demo', HTMLElement)
  const name = pageElement(panel, '#network', HTMLOutputElement)
  name.value = String(network.get('name'))

  for (const [button, leaving] of [
    ['#cut', 'cut'],
    ['#silence', 'silent'],
  ] as const) {
    onClick(panel, button, async () => {
      const answer = await askSite('demo/switch', { leaving })
      name.value = String(answer.get('name'))
    })
  }
  onClick(panel, '#restart', async () => void (await askSite('demo/restart', {})))
  const speed = pageElement(panel, '#speed', HTMLSelectElement)
  speed.addEventListener('change', () => void askSite('demo/speed', { rate: Number(speed.value) }))
  panel.hidden = false
}

/** The button is out of use until what it does is done. */
function onClick(panel: HTMLElement, selector: string, act: () => Promise<void>): void {
  const button = pageElement(panel, selector, HTMLButtonElement)
  button.addEventListener('click', () => {
    button.disabled = true
    void act().finally(() => (button.disabled = false))
  })
}
