import { durabilityTier } from '@lash/attachments-core'
import { expect, test } from 'vitest'

test('what outlives the process in a store is kept by reference, what an ephemeral store holds inline', () => {
  expect(durabilityTier('durable')).toBe('durable')
  expect(durabilityTier('crash-safe')).toBe('durable')
  expect(durabilityTier('ephemeral')).toBe('inline')
})

test('what is not known to outlive the process is kept inline', () => {
  expect(durabilityTier('unknown' as never)).toBe('inline')
})
