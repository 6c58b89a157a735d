export { AttachmentRejectedError } from './errors.ts'
export { type AttachmentHandler, createAttachmentHandler } from './handler.ts'
export type {
  AttachmentCommitContext,
  AttachmentHandlerOptions,
  AttachmentInspectContext,
} from './options.ts'
export type { AttachmentProblem, AttachmentProblemCode } from './problem.ts'
