/** A plugin for Converse.js: files go on after a change of network and a reload of the page, where the server stands. */
import { isUnfinished, sendFile } from './file-message.ts'

converse.plugins.add('resilient-upload', {
  dependencies: ['converse-chat', 'converse-muc'],
  // Keys and locks are only there for pages that came over https, or from the device itself.
  enabled: () => isSecureContext,
  initialize() {
    const { _converse } = this
    const { Message, MUCMessage } = _converse.exports
    for (const { prototype } of [Message, MUCMessage]) {
      prototype.getRequestSlotURL = async function () {
        await sendFile(this, _converse)
      }
    }
    _converse.api.listen.on('afterMessagesFetched', ({ messages }) => {
      for (const message of messages.models.filter(isUnfinished)) void sendFile(message, _converse)
    })
  },
})
