import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { say } from '@lash/attachments-testing/child'

/**
 * Gets what is larger than the disk: `node gets-to-full-disk.ts <disk> <program> <id> <store>`. Prints the exit code,
 * the errors, and what is left on the disk.
 */
const [disk = '', program = '', id = '', store = ''] = process.argv.slice(2)
const args = [program, 'get', id, '--store', `file:${store}`, '--output', join(disk, 'copy')]
const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
say(status, stderr, readdirSync(disk))
