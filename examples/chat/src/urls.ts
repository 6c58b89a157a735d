/*
 * Where a browser finds what a chat holds. The id alone would say which bytes, and not whose. Server and page use the
 * same functions.
 */

export const urlOf = (chat: string, id: string): string => `/attachments/${id}?chat=${encodeURIComponent(chat)}`

export const uploadUrlOf = (chat: string): string => `/attachments?chat=${encodeURIComponent(chat)}`

/** The id in such a URL. */
export const idIn = (url: string): string | undefined => /^\/attachments\/([0-9a-f]{64})\?/.exec(url)?.[1]
