import { AttachmentInvalidArgumentError } from './errors.ts'

/**
 * The options of a constructor as one object. The target is a string, which is short for the option that says where, or
 * an object of options. Where two objects have the same option, that of `options` counts.
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
