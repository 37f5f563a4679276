/** Answers every message with a picture of it. */
import { env } from 'node:process'
import { client, xml } from '@xmpp/client'
import { upload } from 'hmac-file-server/client'
import { xmppClientSender, xmppUploads } from 'hmac-file-server/xmpp'
import { pictureOf } from './picture.mjs'

const { BOT_JID: jid = '', BOT_PASSWORD: password, BOT_SERVICE: service } = env
const [username, domain] = jid.split('@')

const xmpp = client({ service: service ?? domain, domain, username, password })
const uploads = xmppUploads(xmppClientSender(xmpp, xml))

async function answer(to, text) {
  const picture = new Blob([pictureOf(text)], { type: 'image/png' })
  const slot = uploads.slotFor({ name: 'picture.png', size: picture.size, type: picture.type })
  const { url } = await upload(picture, slot)
  // XEP-0066: what makes clients show the picture instead of its address.
  const shown = xml('x', { xmlns: 'jabber:x:oob' }, xml('url', {}, url))
  await xmpp.send(xml('message', { to, type: 'chat' }, xml('body', {}, url), shown))
}

xmpp.on('stanza', (stanza) => {
  const text = stanza.getChildText('body')
  const isFromSomebody =
    stanza.is('message') && ['chat', 'normal', undefined].includes(stanza.attrs.type)
  if (!isFromSomebody || !text) return
  answer(stanza.attrs.from, text).catch((error) => console.error(error))
})
xmpp.on('online', () => {
  xmpp.send(xml('presence')).then(
    () => console.log(`${jid} answers`),
    (error) => console.error(error),
  )
})
// It connects again by itself.
xmpp.on('error', (error) => console.error(error.message))

await xmpp.start()
