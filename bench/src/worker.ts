import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { contendersIn } from './contenders/index.ts'
import { cells } from './measure/cell.ts'
import { measure } from './measure/measure.ts'

/**
 * Measures one contender in one cell, once, in a process of its own. Arguments: the cell, the contender, the share of
 * the count, the folder.
 */
const [cellId, name, share, parent] = process.argv.slice(2)
const cell = cells.find(({ id }) => id === cellId)
if (cell === undefined) throw new Error(`there is no cell ${cellId}`)
const contender = (await contendersIn(cell.backend, cell.operation)).find(each => each.name === name)
if (contender === undefined) throw new Error(`there is no contender ${name}`)

const folder = await mkdtemp(join(parent as string, 'cell-'))
try {
  const open = await contender.open({ folder, env: process.env })
  const count = Math.max(Math.ceil(cell.count * Number(share)), Math.min(cell.count, cell.concurrency * 4))
  const measurement = await measure(open, cell, count)
  await open.close()
  process.send?.({ measurement })
} finally {
  // Many files stay until the whole run is over: file systems are slow at making files just after many were deleted.
  const many = cell.backend === 'fs' && cell.byteLength < 64 * 1024 * 1024
  if (!many) await rm(folder, { recursive: true, force: true })
}
process.disconnect?.()
