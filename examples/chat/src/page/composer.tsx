import type { FileUIPart } from 'ai'
import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useRef, useState } from 'react'
import { urlOf } from '../urls.ts'
import { Badge } from './message.tsx'
import { sizeOf } from './state.ts'
import type { Chip, useUploads } from './uploads.ts'

interface ComposerProps {
  chat: string
  uploads: ReturnType<typeof useUploads>
  isBusy: boolean
  onSend: (message: { text: string; files: FileUIPart[] }) => void
}

export function Composer({ chat, uploads: { chips, add, remove, drop }, isBusy, onSend }: ComposerProps) {
  const [text, setText] = useState('')
  const picker = useRef<HTMLInputElement>(null)
  const isUploading = chips.some(({ ref, error }) => ref === undefined && error === undefined)
  const ready = chips.filter(chip => chip.ref !== undefined)
  const isSendable = !isBusy && !isUploading && (text.trim() !== '' || ready.length > 0)

  function send(event?: FormEvent): void {
    event?.preventDefault()
    if (!isSendable) return
    const files = ready.map(({ ref, name }): FileUIPart => {
      const { id, mediaType } = ref as NonNullable<Chip['ref']>
      return { type: 'file', url: urlOf(chat, id), mediaType, filename: name }
    })
    onSend({ text: text.trim(), files })
    drop(chips.map(chip => chip.key))
    setText('')
  }

  function paste(event: ClipboardEvent): void {
    if (event.clipboardData.files.length === 0) return
    event.preventDefault()
    add(event.clipboardData.files)
  }

  function sendOnEnter(event: KeyboardEvent): void {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) send(event)
  }

  return (
    <form className="composer" onSubmit={send}>
      {chips.length > 0 && (
        <ul className="chips">
          {chips.map(chip => (
            <ChipItem key={chip.key} chat={chat} chip={chip} onRemove={() => void remove(chip)} />
          ))}
        </ul>
      )}
      <textarea
        value={text}
        onChange={event => setText(event.target.value)}
        onPaste={paste}
        onKeyDown={sendOnEnter}
        rows={2}
        placeholder="Write a message. Drop or paste files, or ask: draw a lake in the evening."
        aria-label="Message"
      />
      <div className="actions">
        <button type="button" onClick={() => picker.current?.click()}>
          Attach files
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          onChange={event => {
            add(event.target.files ?? [])
            event.target.value = '' // the same file may be picked again
          }}
        />
        <button type="submit" className="primary" disabled={!isSendable}>
          Send
        </button>
      </div>
    </form>
  )
}

interface ChipProps {
  chat: string
  chip: Chip
  onRemove: () => void
}

function ChipItem({ chat, chip: { name, byteLength, sent, ref, error }, onRemove }: ChipProps) {
  const isPicture = ref?.mediaType.startsWith('image/') && !ref.mediaType.startsWith('image/svg')
  return (
    <li className={error === undefined ? 'chip' : 'chip failed'} title={error ?? name}>
      {isPicture ? <img src={urlOf(chat, ref?.id ?? '')} alt="" /> : <Badge name={name} />}
      <div>
        <span className="name">{name}</span>
        {ref === undefined && error === undefined ? (
          <progress value={sent} max={byteLength} aria-label={`uploading ${name}`} />
        ) : (
          <span className="note">{error ?? sizeOf(byteLength)}</span>
        )}
      </div>
      <button type="button" className="quiet" onClick={onRemove} aria-label={`Remove ${name}`}>
        ×
      </button>
    </li>
  )
}
