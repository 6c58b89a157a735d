import type { UIMessage } from 'ai'

/** A file that the server has, as it says. */
export interface Uploaded {
  id: string
  mediaType: string
  /** In bytes. */
  byteLength: number
  /** Its name. */
  label?: string
}

/** What the server says of a chat. */
export interface ChatState {
  chats: { id: string; title: string }[]
  messages: UIMessage[]
  /** What was uploaded and is not sent yet. */
  draft: Uploaded[]
  /** In bytes. */
  logByteLength: number
  /** In bytes. */
  attachmentByteLength: number
}

export const loadState = (chat: string): Promise<ChatState> => ask('GET', `/api/chats/${chat}`)

/** @throws Error when the server refuses. */
export async function ask<Answer>(method: string, path: string): Promise<Answer> {
  const response = await fetch(path, { method })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`)
  return response.status === 204 ? (undefined as Answer) : response.json()
}

/** As people write it: 3.2 kB, 41 MB. */
export function sizeOf(byteLength: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  const power = byteLength < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(byteLength) / 3))
  const unit = units[power] as string
  const digits = power === 0 ? 0 : 1
  const options = {
    style: 'unit',
    unit,
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: digits,
  } as const
  return new Intl.NumberFormat('en', options).format(byteLength / 1000 ** power)
}
