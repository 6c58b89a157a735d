export { type AttachmentUrlParts, attachmentUrl, parseAttachmentUrl } from './attachment-url.ts'
export {
  type AttachmentsForOptions,
  attachmentsFor,
  type MessageAttachments,
  type SignalOptions,
  type ToModelMessagesOptions,
} from './attachments-for.ts'
export type { BrowserUrl, IdInUrl } from './browser.ts'
export type { HoldOptions } from './hold.ts'
