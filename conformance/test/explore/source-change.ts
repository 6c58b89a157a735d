import { swapped } from '../mutants/mutation-hooks.ts'

/** A change to one function of the source. */
export interface Change {
  /** The end of the file's path. */
  readonly file: string
  /** The name of the function or method. */
  readonly name: string
  /** Changes the body, which is given without its braces. */
  readonly change: (body: string) => string
}

/** Ways to change a function of a file. */
export function functionsOf(file: string) {
  return {
    /** The function does this instead of what it does. */
    instead: (name: string, body: string): Change => ({ file, name, change: () => body }),
    /** The function does this first. */
    first: (name: string, statement: string): Change => ({ file, name, change: body => `${statement}\n${body}` }),
    /** A part of the function is another. The part stands there once. */
    swap: (name: string, part: string, other: string): Change => ({
      file,
      name,
      change: body => swapped(`${name} in ${file}`, body, part, other),
    }),
  }
}
