import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { placed } from '@lash/attachments-core/backend'
import { describe, expect, it } from 'vitest'

interface Options {
  root?: string
  depth?: number
}

describe('the place of a store', () => {
  it('is a string, with the other options beside it', () => {
    expect(placed<Options>('root', '/a')).toEqual({ root: '/a' })
    expect(placed<Options>('root', '/a', { depth: 2 })).toEqual({ root: '/a', depth: 2 })
    expect(placed<Options>('root', '/a', { root: '/b' })).toEqual({ root: '/a' })
  })

  it('is an option among the others', () => {
    expect(placed<Options>('root', { root: '/a', depth: 1 })).toEqual({ root: '/a', depth: 1 })
    expect(placed<Options>('root', { root: '/a', depth: 1 }, { depth: 2 })).toEqual({ root: '/a', depth: 2 })
  })

  it('leaves what it was given as it is', () => {
    const target = Object.freeze({ root: '/a' })
    const options = Object.freeze({ depth: 2 })
    expect(placed<Options>('root', target, options)).not.toBe(target)
  })

  it.each([undefined, null, 7, true])('is not %s', target => {
    expect(() => placed<Options>('root', target as never)).toThrow(AttachmentInvalidArgumentError)
  })
})
