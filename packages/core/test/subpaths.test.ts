import * as main from '@lash/attachments-core'
import * as llm from '@lash/attachments-core/llm'
import * as persistence from '@lash/attachments-core/persistence'
import { expect, test } from 'vitest'

test.each(Object.entries({ llm, persistence }))('what the subpath %s has, the main entry has too', (_, subpath) => {
  expect(Object.keys(subpath).length).toBeGreaterThan(0)
  expect(main).toMatchObject(subpath)
})
