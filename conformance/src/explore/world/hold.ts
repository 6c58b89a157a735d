/** A holder in a session: to the protocol, one of those who hold content. */
export interface Hold {
  readonly sessionId: string
  /** `''` for what is put through the view of the whole session. */
  readonly holder: string
}

/** The session, and behind a slash the holder if it has a name. */
export function nameOfHold({ sessionId, holder }: Hold): string {
  return holder === '' ? sessionId : `${sessionId}/${holder}`
}
