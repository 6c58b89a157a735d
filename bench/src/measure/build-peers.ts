import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/**
 * `@keyv/sqlite` stands on `sqlite3`, which has to be compiled. Only the benchmark needs it, so it is compiled here (a
 * minute, with python, make and a C++ compiler) and not when the workspace is installed. Where that fails, this peer
 * alone is not measured.
 */
export function buildSqlite3(): void {
  const keyvSqlite = createRequire(createRequire(import.meta.url).resolve('@keyv/sqlite'))
  try {
    keyvSqlite('sqlite3')
  } catch {
    const folder = dirname(keyvSqlite.resolve('sqlite3/package.json'))
    console.log('Compiling sqlite3, which @keyv/sqlite stands on; once, about a minute.')
    const { status } = spawnSync('npx', ['-y', 'node-gyp@11', 'rebuild'], { cwd: folder, stdio: 'ignore' })
    if (status !== 0) console.log('It could not be compiled: @keyv/sqlite will not be measured.')
  }
}
