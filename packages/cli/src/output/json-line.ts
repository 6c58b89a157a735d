/**
 * A value as JSON that is safe to print: what JSON leaves as it is and a terminal obeys is escaped as well. It is read
 * as the same value.
 */
export function jsonLine(value: object): string {
  return JSON.stringify(value).replace(/[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, character => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}
