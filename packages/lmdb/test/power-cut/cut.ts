/**
 * `node cut.ts <folder> [<sabotage>]`: records the writer in the empty folder, cuts the power everywhere, and prints
 * how many states there were and what was found wrong. A process of its own, since LMDB trusts its file: it crashes on
 * one that a sabotage has left.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { say } from '@lash/attachments-testing/child'
import { record } from '@lash/attachments-testing/power-cut'
import { cutEverywhere } from './cut-everywhere.ts'
import { type Sabotage, without } from './sabotages.ts'

const path = 'deep/attachments'
const [folder = '', sabotage] = process.argv.slice(2)
const base = join(folder, 'recorded')
mkdirSync(base)
const operations = await record(base, fileURLToPath(new URL('./writer.ts', import.meta.url)), join(base, path))
const cut = sabotage === undefined ? operations : without(sabotage as Sabotage, operations)
const { states, problems } = await cutEverywhere(base, path, cut)
say(states, problems)
