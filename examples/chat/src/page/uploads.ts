import { useRef, useState } from 'react'
import { uploadUrlOf, urlOf } from '../urls.ts'
import { ask, type Uploaded } from './state.ts'

/** A file of the draft: on its way, there, or refused. */
export interface Chip {
  key: string
  name: string
  byteLength: number
  /** In bytes. */
  sent: number
  /** When it is there. */
  ref?: Uploaded
  /** Why it is not. */
  error?: string
}

const chipOf = (ref: Uploaded): Chip => ({
  key: ref.id,
  name: ref.label ?? 'unnamed',
  byteLength: ref.byteLength,
  sent: ref.byteLength,
  ref,
})

/** The files of the draft of a chat. They outlive a reload, since the server holds them. */
export function useUploads(chat: string, draft: Uploaded[], onChange: () => void) {
  const [chips, setChips] = useState(() => draft.map(chipOf))
  const requests = useRef(new Map<string, XMLHttpRequest>())
  const change = (key: string, changed: Partial<Chip>) =>
    setChips(before => before.map(chip => (chip.key === key ? { ...chip, ...changed } : chip)))
  const drop = (keys: string[]) => setChips(before => before.filter(chip => !keys.includes(chip.key)))

  function add(files: Iterable<File>): void {
    for (const file of files) {
      const key = crypto.randomUUID()
      setChips(before => [...before, { key, name: file.name, byteLength: file.size, sent: 0 }])
      const { request, done } = send(uploadUrlOf(chat), file, sent => change(key, { sent }))
      requests.current.set(key, request)
      done
        .then(ref => change(key, { ref, byteLength: ref.byteLength, sent: ref.byteLength }))
        .then(onChange)
        .catch((error: Error) => change(key, { error: error.message }))
        .finally(() => requests.current.delete(key))
    }
  }

  async function remove({ key, ref }: Chip): Promise<void> {
    requests.current.get(key)?.abort()
    drop([key])
    const isElsewhere = chips.some(chip => chip.key !== key && chip.ref?.id === ref?.id)
    if (ref === undefined || isElsewhere) return
    await ask('DELETE', urlOf(chat, ref.id))
    onChange()
  }

  return { chips, add, remove, drop }
}

/** As RFC 8187 has it: encodeURIComponent leaves four characters that mean something there. */
const escaped = (name: string) => encodeURIComponent(name).replace(/['()*]/g, it => `%${it.charCodeAt(0).toString(16)}`)

/** With XMLHttpRequest, since fetch does not say how far an upload has come. */
function send(url: string, file: File, onProgress: (sent: number) => void) {
  const request = new XMLHttpRequest()
  request.open('POST', url)
  request.responseType = 'json'
  request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
  request.setRequestHeader('Content-Disposition', `attachment; filename*=UTF-8''${escaped(file.name)}`)
  request.upload.onprogress = event => onProgress(event.loaded)
  const done = new Promise<Uploaded>((resolve, reject) => {
    request.onload = () => {
      if (request.status === 201) resolve(request.response.attachments[0])
      else reject(new Error(request.response?.detail ?? `refused with ${request.status}`))
    }
    request.onerror = () => reject(new Error('the connection was lost'))
    request.onabort = () => reject(new Error('cancelled'))
  })
  request.send(file)
  return { request, done }
}
