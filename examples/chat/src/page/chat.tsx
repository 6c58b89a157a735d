import { useChat } from '@ai-sdk/react'
import { DefaultChatTransport } from 'ai'
import { type DragEvent, useEffect, useRef, useState } from 'react'
import { Composer } from './composer.tsx'
import { Message, Sizes } from './message.tsx'
import { ask, type ChatState, loadState } from './state.ts'
import { useUploads } from './uploads.ts'

interface ChatProps {
  id: string
  loaded: ChatState
}

export function Chat({ id, loaded }: ChatProps) {
  const [state, setState] = useState(loaded)
  const [isDropping, setDropping] = useState(false)
  const [end, main] = [useRef<HTMLDivElement>(null), useRef<HTMLElement>(null)]
  const uploads = useUploads(id, loaded.draft, () => void loadState(id).then(setState))
  const { messages, sendMessage, setMessages, status, error } = useChat({
    id,
    messages: loaded.messages,
    // The server has the log: the last message is all that it needs.
    transport: new DefaultChatTransport({
      api: `/api/chats/${id}/messages`,
      prepareSendMessagesRequest: ({ messages }) => ({ body: { message: messages.at(-1) } }),
    }),
    onFinish: () => void refresh(),
  })
  const isBusy = status === 'submitted' || status === 'streaming'

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever is new is at the end
  useEffect(() => {
    end.current?.scrollIntoView({ block: 'end' })
  }, [messages, uploads.chips.length])

  /** What the server has stored is what counts. */
  async function refresh(): Promise<void> {
    const now = await loadState(id)
    setState(now)
    setMessages(now.messages)
  }

  async function deleteMessage(message: string): Promise<void> {
    await ask('DELETE', `/api/chats/${id}/messages/${message}`)
    await refresh()
  }

  async function open(made: Promise<{ id: string }>): Promise<void> {
    location.assign(`/chats/${(await made).id}`)
  }

  async function deleteChat(): Promise<void> {
    await ask('DELETE', `/api/chats/${id}`)
    location.assign('/')
  }

  const drop = (event: DragEvent) => {
    event.preventDefault()
    setDropping(false)
    uploads.add(event.dataTransfer.files)
  }
  const dragOver = (event: DragEvent) => {
    event.preventDefault()
    setDropping(true)
  }
  const dragLeave = (event: DragEvent) => {
    if (!main.current?.contains(event.relatedTarget as Node | null)) setDropping(false)
  }

  return (
    <>
      <nav>
        <button type="button" onClick={() => void open(ask('POST', '/api/chats'))}>
          New chat
        </button>
        <ul>
          {state.chats.map(chat => (
            <li key={chat.id}>
              <a href={`/chats/${chat.id}`} aria-current={chat.id === id ? 'page' : undefined}>
                {chat.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <main
        ref={main}
        className={isDropping ? 'dropping' : ''}
        aria-busy={isBusy || messages.length !== state.messages.length}
        onDrop={drop}
        onDragOver={dragOver}
        onDragLeave={dragLeave}
      >
        <header className="bar">
          <Sizes log={state.logByteLength} attachments={state.attachmentByteLength} />
          <button type="button" onClick={() => void open(ask('POST', `/api/chats/${id}/fork`))}>
            Fork
          </button>
          <button type="button" className="danger" onClick={() => void deleteChat()}>
            Delete chat
          </button>
        </header>
        <section className="messages" aria-live="polite">
          {messages.length === 0 && <p className="note empty">Nothing has been said yet.</p>}
          {messages.map(message => (
            <Message key={message.id} message={message} onDelete={() => void deleteMessage(message.id)} />
          ))}
          {status === 'submitted' && <p className="note">thinking …</p>}
          {error !== undefined && <p className="note error">{error.message}</p>}
          <div ref={end} />
        </section>
        <Composer chat={id} uploads={uploads} isBusy={isBusy} onSend={message => void sendMessage(message)} />
      </main>
    </>
  )
}
