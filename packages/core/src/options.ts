import { AttachmentInvalidArgumentError } from './errors.ts'

/**
 * What a constructor was given, as one object: a string is short for the one option that says where, an object is the
 * options themselves. What `options` has comes before what `target` has.
 * @param name of the option that the string is short for.
 * @throws AttachmentInvalidArgumentError when the target is neither.
 */
export function placed<Options extends object>(
  name: keyof Options & string,
  target: string | Options,
  options?: Partial<Options>,
): Options {
  if (typeof target === 'string') return { ...options, [name]: target } as Options
  if (typeof target === 'object' && target !== null) return { ...target, ...options }
  throw new AttachmentInvalidArgumentError(`give ${name} as a string, or an object of options`)
}
