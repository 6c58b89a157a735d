import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Daemons } from '../../services/daemons.ts'
import { type CephLayout, cephConfiguration } from './configuration.ts'

export interface CephCluster {
  /** Of the S3 gateway: `http://127.0.0.1:<port>`. */
  readonly endpoint: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Kills the daemons and removes their folder. */
  stop(): Promise<void>
}

const startupMs = 60_000

/** Starts a private, empty Ceph with an S3 gateway on free ports. Everything is in memory. Takes a few seconds. */
export async function startCeph(): Promise<CephCluster> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce()
    } catch (error) {
      // Another process may have taken a port between looking and listening.
      if (attempt === 3) throw error
    }
  }
}

async function startOnce(): Promise<CephCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'lash-ceph-'))
  const [monitorPort, gatewayPort] = await freePorts()
  const daemons = new Daemons(directory)
  try {
    return await bringUp({ directory, monitorPort, gatewayPort }, daemons)
  } catch (error) {
    await daemons.stop()
    throw error
  }
}

async function bringUp(layout: CephLayout, daemons: Daemons): Promise<CephCluster> {
  const { directory, monitorPort, gatewayPort } = layout
  for (const folder of ['log', 'mon', 'osd', 'gateway']) await mkdir(join(directory, folder))
  const configuration = join(directory, 'ceph.conf')
  const clusterId = randomUUID()
  const storageId = randomUUID()
  await writeFile(configuration, cephConfiguration(layout, clusterId))
  const run = (program: string, ...args: string[]) => command(program, ['-c', configuration, ...args])
  const deadline = Date.now() + startupMs

  await makeKeyring(join(directory, 'keyring'))
  const map = join(directory, 'monmap')
  await command('monmaptool', [
    ...['--create', '--clobber', '--fsid', clusterId],
    ...['--addv', 'a', `[v2:127.0.0.1:${monitorPort}]`, map],
  ])
  await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', join(directory, 'keyring'))
  daemons.start('monitor', 'ceph-mon', ['-c', configuration, '-f', '-i', 'a'])
  await until(deadline, daemons, () => run('ceph', '--connect-timeout', '5', 'osd', 'new', storageId))

  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', storageId)
  daemons.start('storage', 'ceph-osd', ['-c', configuration, '-f', '-i', '0'])
  await until(deadline, daemons, async () => {
    const state = JSON.parse(await run('ceph', '--connect-timeout', '5', 'osd', 'stat', '-f', 'json'))
    if ((state.num_up_osds ?? state.osdmap?.num_up_osds) !== 1) throw new Error('the storage daemon is not up')
  })

  const accessKeyId = 'lashtest'
  const secretAccessKey = randomUUID()
  daemons.start('gateway', 'radosgw', ['-c', configuration, '-f', '-n', 'client.gateway'])
  const endpoint = `http://127.0.0.1:${gatewayPort}`
  await until(deadline, daemons, async () => {
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(5000) })
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`the gateway answers ${answer.status}`)
  })
  await run(
    ...(['radosgw-admin', '-n', 'client.gateway', 'user', 'create', '--uid=test', '--display-name=test'] as const),
    ...[`--access-key=${accessKeyId}`, `--secret-key=${secretAccessKey}`, '--max-buckets=0'],
  )
  return { endpoint, accessKeyId, secretAccessKey, stop: () => daemons.stop() }
}

/** One file with the keys of all daemons: the monitor takes them in when it is made, so none has to be asked for. */
async function makeKeyring(path: string): Promise<void> {
  const grants: readonly [name: string, ...capabilities: (readonly [string, string])[]][] = [
    ['mon.', ['mon', 'allow *']],
    ['client.admin', ['mon', 'allow *'], ['osd', 'allow *'], ['mgr', 'allow *']],
    ['client.gateway', ['mon', 'allow rwx'], ['osd', 'allow rwx']],
    ['osd.0', ['mon', 'allow profile osd'], ['osd', 'allow *']],
  ]
  await writeFile(path, '', { mode: 0o600 })
  for (const [name, ...capabilities] of grants) {
    const granted = capabilities.flatMap(([service, capability]) => ['--cap', service, capability])
    await command('ceph-authtool', [path, '--gen-key', '-n', name, ...granted])
  }
}

/** Tries until it works. Stops early when a daemon has died, or when time is up, with what went wrong last. */
async function until(deadline: number, daemons: Daemons, attempt: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await attempt()
      return
    } catch (error) {
      daemons.assertRunning()
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

const execute = promisify(execFile)

async function command(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { timeout: startupMs })
  return stdout
}

/** Two ports that nobody listens on at this moment. */
async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()]
  const ports = await Promise.all(
    servers.map(
      server =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
        }),
    ),
  )
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports as [number, number]
}
