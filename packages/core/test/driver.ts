import type { AttachmentDriver } from '@lash/attachments-core'

/** A driver that does what a test says, and nothing else. */
export function driver(overrides: Partial<AttachmentDriver>): AttachmentDriver {
  return {
    specificationVersion: 1,
    name: 'test',
    persistence: 'ephemeral',
    write: async () => {},
    read: async () => undefined,
    stat: async () => undefined,
    remove: async () => {},
    async *list() {},
    close: async () => {},
    ...overrides,
  }
}
