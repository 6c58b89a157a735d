import type { Operation } from '@lash/attachments-testing/power-cut'

/** Whether a sync of a file of this name is left out. */
const unsyncedNames = { 'the file': 'data.mdb', 'its folder': 'attachments', 'the folder above': 'deep' }

export type Sabotage = keyof typeof unsyncedNames | 'each root'

export const sabotages: readonly Sabotage[] = ['the file', 'its folder', 'the folder above', 'each root']

/** What a process would have done that leaves out some syncs. */
export function without(sabotage: Sabotage, operations: readonly Operation[]): Operation[] {
  if (sabotage === 'each root') return operations.map(unsynced)
  const paths = new Map<number, string>()
  const left = new Set<number>()
  return operations.filter(operation => {
    if (operation.kind === 'open') paths.set(operation.file, operation.path)
    if (operation.kind === 'sync-begin' && paths.get(operation.file)?.endsWith(`/${unsyncedNames[sabotage]}`)) {
      left.add(operation.sync)
    }
    return !(operation.kind === 'sync-begin' || operation.kind === 'sync-end') || !left.has(operation.sync)
  })
}

function unsynced(operation: Operation): Operation {
  if (operation.kind !== 'write') return operation
  const { synced, ...write } = operation
  return write
}
