import { AttachmentInvalidArgumentError } from '@lash/attachments-core'
import { checkMeta } from '@lash/attachments-core/backend'
import { expect, test } from 'vitest'

// Alone in its file, and so first in its process: what was checked before must not matter.
test('the first metadata of a process is checked like any other', () => {
  expect(() => checkMeta({} as never)).toThrow(AttachmentInvalidArgumentError)
})
