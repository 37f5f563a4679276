export type { IqAnswer, IqRequest, IqSender } from './iq-sender.ts'
export { SlotError, type SlotErrorCode, type SlotFailure } from './slot-error.ts'
export type { SlotFile } from './slot-request.ts'
export {
  stropheSender,
  type DomElement,
  type DomNode,
  type IqBuilder,
  type StropheBuilder,
  type StropheConnection,
} from './strophe-sender.ts'
export type { UploadService } from './upload-service.ts'
export type { XmlElement } from './xml-element.ts'
export { xmppClientSender, type XmlMaker, type XmppClient } from './xmpp-client-sender.ts'
export { xmppUploads, type XmppUploads } from './xmpp-uploads.ts'
