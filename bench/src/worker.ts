import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { contendersIn } from './contenders/index.ts'
import { cells } from './measure/cell.ts'
import { prepare } from './measure/measure.ts'

/**
 * A contender in a cell, in a process of its own. Arguments: the checkout whose contender it is, the cell, the
 * contender, and the folder in which to make one. Says when it is ready, then takes a turn for each message that names
 * a number of operations, and ends when its parent hangs up.
 */
const [checkout, cellId, name, parent] = process.argv.slice(2) as [string, string, string, string]
const cell = cells.find(({ id }) => id === cellId)
if (cell === undefined) throw new Error(`there is no cell ${cellId}`)
const contenders: { contendersIn: typeof contendersIn } = await import(
  pathToFileURL(join(checkout, 'bench/src/contenders/index.ts')).href
)
const contender = (await contenders.contendersIn(cell.backend, cell.operation)).find(each => each.name === name)
if (contender === undefined) throw new Error(`there is no contender ${name}`)

const folder = await mkdtemp(join(parent, 'cell-'))
try {
  const open = await contender.open({ folder, env: process.env })
  const prepared = await prepare(open, cell)
  process.on('message', async count => {
    process.send?.(await prepared?.run(count as number))
  })
  const over = new Promise(resolve => process.once('disconnect', resolve))
  process.send?.({ able: prepared !== undefined, opsPerSecond: prepared?.opsPerSecond })
  await over
  await open.close()
} finally {
  // Many files stay until the whole run is over: file systems are slow at making files just after many were deleted.
  const many = cell.backend === 'fs' && cell.byteLength < 1024 * 1024
  if (!many) await rm(folder, { recursive: true, force: true })
}
