import { expect, test } from 'vitest'
import { checkMeta } from '../src/backend.ts'
import { AttachmentInvalidArgumentError } from '../src/index.ts'

// Alone in its file, and so first in its process: what was checked before must not matter.
test('the first metadata of a process is checked like any other', () => {
  expect(() => checkMeta({} as never)).toThrow(AttachmentInvalidArgumentError)
})
