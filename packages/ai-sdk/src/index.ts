export {
  type AttachmentsForOptions,
  attachmentsFor,
  type MessageAttachments,
  type SignalOptions,
  type ToModelMessagesOptions,
} from './attachments-for.ts'
export type { BrowserUrl, IdInUrl } from './browser.ts'
export { type AttachmentUrlParts, attachmentUrl, parseAttachmentUrl } from './refs/attachment-url.ts'
export type { HoldOptions } from './refs/hold.ts'
