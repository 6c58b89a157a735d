/** The text without the user and password of any URL in it. For the messages of errors that are not ours. */
export function withoutUrlCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s]*@/g, '://***@')
}
