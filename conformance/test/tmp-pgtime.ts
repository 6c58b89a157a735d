import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { startPrivatePostgres } from '@lash/attachments-testing/postgres'

const server = await startPrivatePostgres({ fsync: process.argv[2] === 'on', settings: process.argv.slice(4) })
const pm = Number(spawnSync('sh', ['-c', "pgrep -f 'postgres.*-D' | head -1"]).stdout.toString())
const cpu = () => {
  const f = readFileSync(`/proc/${pm}/stat`, 'utf8').split(') ')[1].split(' ')
  return [11, 12, 13, 14].map(i => Number(f[i]) / 100)
}
const a = cpu(),
  w = Date.now(),
  u = process.resourceUsage()
const r = spawnSync('vitest', ['run', process.argv[3]], {
  env: {
    ...process.env,
    LASH_TEST_POSTGRES_URL: server.url,
    LASH_TEST_S3_ENDPOINT: process.env.LASH_TEST_S3_ENDPOINT ?? '',
  },
  encoding: 'utf8',
})
const b = cpu()
console.log(r.stdout.split('\n').slice(-7).join('\n'))
console.log('wall', (Date.now() - w) / 1000, 'pg cpu u,s,cu,cs', b.map((x, i) => (x - a[i]).toFixed(1)).join(' '))
await server.stop()
