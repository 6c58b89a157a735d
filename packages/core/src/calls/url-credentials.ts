/** The text, in which no URL shows its user and password: for messages of other people's errors. */
export function withoutUrlCredentials(text: string): string {
  return text.replace(/:\/\/[^/\s@]*@/g, '://***@')
}
