import type { UIMessage } from 'ai'
import { sizeOf } from './state.ts'

type Part = UIMessage['parts'][number]

interface MessageProps {
  message: UIMessage
  onDelete: () => void
}

export function Message({ message, onDelete }: MessageProps) {
  return (
    <article className={`message ${message.role}`} data-id={message.id}>
      <header>
        <span>{message.role === 'user' ? 'You' : 'Assistant'}</span>
        <button type="button" className="quiet" onClick={onDelete} title="Delete this message">
          Delete
        </button>
      </header>
      {message.parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts have no ids, and are only ever appended
        <MessagePart key={index} part={part} />
      ))}
    </article>
  )
}

function MessagePart({ part }: { part: Part }) {
  if (part.type === 'text') return <p>{part.text}</p>
  if (part.type === 'file') return <Media url={part.url} mediaType={part.mediaType} name={part.filename ?? 'unnamed'} />
  if (part.type === 'tool-drawPicture') return <Picture part={part as ToolPart} />
  return null
}

/** The tool gives the URL of its picture. */
interface ToolPart {
  state: string
  input?: { subject?: string }
  output?: string
  errorText?: string
}

function Picture({ part: { state, input, output, errorText } }: { part: ToolPart }) {
  const subject = input?.subject ?? 'a picture'
  if (output !== undefined) return <Media url={output} mediaType="image/png" name={subject} />
  return <p className="note">{state === 'output-error' ? errorText : `drawing ${subject} …`}</p>
}

interface MediaProps {
  url: string
  mediaType: string
  name: string
}

/** Shown in place when a browser shows it without running anything; else as a link, which downloads. */
export function Media({ url, mediaType, name }: MediaProps) {
  const [kind] = mediaType.split('/', 1)
  if (kind === 'image' && !mediaType.startsWith('image/svg')) {
    return (
      <a className="picture" href={url} target="_blank" rel="noreferrer">
        <img src={url} alt={name} />
      </a>
    )
  }
  // biome-ignore lint/a11y/useMediaCaption: nobody has written captions for what people upload
  if (kind === 'video') return <video src={url} title={name} controls preload="metadata" />
  // biome-ignore lint/a11y/useMediaCaption: nobody has written captions for what people upload
  if (kind === 'audio') return <audio src={url} title={name} controls preload="metadata" />
  return (
    <a className="file" href={url}>
      <Badge name={name} /> {name}
    </a>
  )
}

export function Badge({ name }: { name: string }) {
  const ending = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : 'file'
  return <span className="badge">{ending.slice(0, 4)}</span>
}

export function Sizes({ log, attachments }: { log: number; attachments: number }) {
  return (
    <span className="sizes">
      log {sizeOf(log)}, attachments {sizeOf(attachments)}
    </span>
  )
}
