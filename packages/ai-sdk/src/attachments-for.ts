import {
  AttachmentInvalidArgumentError,
  type AttachmentRef,
  type SessionScopedAttachmentStore,
} from '@lash/attachments-core'
import {
  convertToModelMessages,
  type Experimental_DownloadFunction,
  type ModelMessage,
  type ToolResultPart,
  type UIMessage,
  type UIMessageChunk,
} from 'ai'
import { type BrowserUrl, forBrowser, fromBrowser, type IdInUrl } from './browser.ts'
import { downloadFrom } from './download.ts'
import { externalized } from './externalize.ts'
import { mapModelMessage } from './places/model-message.ts'
import type { Fields, Visit } from './places/place.ts'
import { mapUIMessage } from './places/ui-message.ts'
import { type HoldOptions, hold } from './refs/hold.ts'
import { refsAt } from './refs/refs-in.ts'
import { chunkStream } from './stream.ts'
import { withOutputs, withParts } from './to-model-messages.ts'
import { toModelOutput } from './tool-output.ts'

export interface AttachmentsForOptions {
  /** Reads and puts in flight at a time: a whole number, 1 or more. Default 4. */
  concurrency?: number | undefined
  /**
   * Fetches what a message names by a URL that is no attachment and that the model's provider does not fetch itself:
   * `createDownload()` of `ai`, or a function of your own. Default: such a URL is refused, since a browser may name
   * any server in a message, also one that only yours can reach.
   */
  fallback?: Experimental_DownloadFunction | undefined
}

export interface SignalOptions {
  /** When this aborts, the call rejects with `signal.reason`. */
  signal?: AbortSignal | undefined
}

type ConvertOptions<Message extends UIMessage> = NonNullable<Parameters<typeof convertToModelMessages<Message>>[1]>

export type ToModelMessagesOptions<Message extends UIMessage = UIMessage> = SignalOptions &
  ConvertOptions<Message> & {
    /**
     * When the session does not hold an attachment, or its bytes are gone: reject with `AttachmentNotFoundError`, or
     * put a text part in its place that says what is missing. Default `'throw'`.
     */
    missing?: 'throw' | 'text' | undefined
  }

/** What {@link attachmentsFor} gives. Its functions need no `this`. No message that is given is changed. */
export interface MessageAttachments {
  /**
   * Puts the bytes of messages, and gives the messages with `attachment:` URLs in their place. A message, part or
   * output without bytes stays the same object, so that to call it again does nothing. What it put is committed by
   * nobody: commit `refsIn`, or what `hold` gives, with the turn. A call that fails leaves what it has put to the
   * sweep.
   * @throws AttachmentInvalidArgumentError, naming the part, when a `data:` URL, base64 or a media type is malformed;
   * what `put` throws.
   */
  externalize<Message extends UIMessage | ModelMessage>(
    messages: readonly Message[],
    options?: SignalOptions,
  ): Promise<Message[]>
  /**
   * What `streamText` and `generateText` take, together with `download`. Outputs of tools have their bytes again as
   * they stood. Files of users stay URLs, which the SDK downloads at each step; that they are there is made sure of.
   * @throws AttachmentNotFoundError, unless `missing` is `'text'`; AttachmentInvalidArgumentError for a malformed
   * `attachment:` URL.
   */
  toModelMessages<Message extends UIMessage>(
    messages: readonly Message[],
    options?: ToModelMessagesOptions<Message>,
  ): Promise<ModelMessage[]>
  toModelMessages(
    messages: readonly ModelMessage[],
    options?: SignalOptions & Pick<ToModelMessagesOptions, 'missing'>,
  ): Promise<ModelMessage[]>
  /**
   * For `experimental_download`: the bytes of `attachment:` URLs, each content read once a call, also for a model that
   * says that it takes every URL.
   * @throws AttachmentNotFoundError; AttachmentInvalidArgumentError for a URL that it refuses.
   */
  download: Experimental_DownloadFunction
  /**
   * For chunks on their way to the client and the log: what the model or a tool makes is put, chunk by chunk, in
   * order. A put that fails is an error of the stream. When the reader goes away, or the signal aborts, a put is
   * aborted too. Transient data parts, which nobody keeps, pass as they are.
   */
  externalizeStream<Chunk extends UIMessageChunk = UIMessageChunk>(
    options?: SignalOptions,
  ): TransformStream<Chunk, Chunk>
  /**
   * Every attachment that messages name, inputs and outputs of tools too, each once by id and generation. It only
   * reads what stands there: of a URL that has nothing but an id, the length is 0. To commit, id and generation count.
   * @throws AttachmentInvalidArgumentError for a malformed `attachment:` URL where a URL stands. In a text it is none.
   */
  refsIn(messages: readonly (UIMessage | ModelMessage)[]): AttachmentRef[]
  /**
   * Gives the view's holder, such as the message that is saved, refs of its own to what messages name, whoever in the
   * session has put it: a draft, a tool, this stream. No byte is read or written. Commit them with the turn. What the
   * session does not hold is left out: a model or a web page may have written it.
   * @throws AttachmentInvalidArgumentError as `refsIn`; what `adopt` throws.
   */
  hold(messages: readonly (UIMessage | ModelMessage)[], options?: HoldOptions): Promise<AttachmentRef[]>
  /** URLs that a browser can load, in outputs of tools too. */
  forBrowser<Message extends UIMessage>(messages: readonly Message[], urlOf: BrowserUrl): Message[]
  /** The same for chunks that have gone through `externalizeStream`. */
  forBrowserStream<Chunk extends UIMessageChunk = UIMessageChunk>(urlOf: BrowserUrl): TransformStream<Chunk, Chunk>
  /**
   * The inverse of `forBrowser`. `idIn` gives the id in a URL, whether it is whole or a path. What a browser sends is
   * a claim: each id is looked up in the session, `attachment:` URLs too, and media type and name of a part become
   * what the session vouches for. `data:` URLs are left for `externalize`.
   * @throws AttachmentNotFoundError for an id that the session does not hold. One in the input of a tool, which a
   * model wrote, is left as it is.
   */
  fromBrowser<Message extends UIMessage>(
    messages: readonly Message[],
    idIn: IdInUrl,
    options?: SignalOptions,
  ): Promise<Message[]>
  /**
   * For a tool that returns attachments, as `toModelOutput` of `tool`: the model gets what was returned as text, and
   * each attachment in it (`attachmentUrl(ref)` anywhere in the output, or bytes) as a file.
   */
  toModelOutput(options: { output: unknown }): Promise<ToolResultPart['output']>
}

/**
 * Attachments of a session in messages of the AI SDK. It costs no more than an object.
 * @throws AttachmentInvalidArgumentError when an option is out of range.
 */
export function attachmentsFor(
  session: SessionScopedAttachmentStore,
  { concurrency = 4, fallback }: AttachmentsForOptions = {},
): MessageAttachments {
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new AttachmentInvalidArgumentError('concurrency must be a whole number, 1 or more')
  }
  if (fallback !== undefined && typeof fallback !== 'function') {
    throw new AttachmentInvalidArgumentError('fallback must be a function')
  }
  return {
    externalize: async (messages, { signal } = {}) => externalized(walkOf(messages), session, { signal, concurrency }),
    toModelMessages: async (
      messages: readonly (UIMessage | ModelMessage)[],
      { missing = 'throw', signal, ...options }: ToModelMessagesOptions = {},
    ) => {
      if (missing !== 'throw' && missing !== 'text') {
        throw new AttachmentInvalidArgumentError("missing must be 'throw' or 'text'")
      }
      const fill = { missing, signal, concurrency }
      const whole = await withOutputs(walkOf(messages), session, fill)
      const converted = whole.every(isModelMessage)
        ? whole
        : await convertToModelMessages(whole as UIMessage[], options)
      return withParts(walkOf(converted), session, fill)
    },
    download: downloadFrom(session, concurrency, fallback),
    externalizeStream: ({ signal } = {}) =>
      chunkStream(
        (walk, chunk, until) =>
          chunk.transient === true ? chunk : externalized(walk, session, { signal: until, concurrency: 1 }),
        signal,
      ),
    refsIn: messages => refsAt(walkOf(messages)),
    hold: async (messages, options = {}) => hold(session, refsAt(walkOf(messages)), options, concurrency),
    forBrowser: (messages, urlOf) => walkOf(messages)(forBrowser(urlOf)),
    forBrowserStream: urlOf => chunkStream(walk => walk(forBrowser(urlOf)), undefined),
    fromBrowser: async (messages, idIn, { signal } = {}) =>
      fromBrowser(walkOf(messages), session, idIn, { signal, concurrency }),
    toModelOutput: ({ output }) => toModelOutput(session, output),
  }
}

/** A walk through the places of all messages. */
function walkOf<Message extends object>(messages: readonly Message[]): (visit: Visit) => Message[] {
  return visit =>
    messages.map((message, index) => {
      const map = 'parts' in message ? mapUIMessage : mapModelMessage
      return map(message as Fields, `messages[${index}]`, visit) as Message
    })
}

function isModelMessage(message: UIMessage | ModelMessage): message is ModelMessage {
  return !('parts' in message)
}
