import { durabilityTier } from '@lash/attachments-core'
import { expect, test } from 'vitest'

test('what a durable store holds is kept by reference, what an ephemeral one holds inline', () => {
  expect(durabilityTier('durable')).toBe('durable')
  expect(durabilityTier('ephemeral')).toBe('inline')
})

test('what is not known to be durable is kept inline', () => {
  expect(durabilityTier('unknown' as never)).toBe('inline')
})
