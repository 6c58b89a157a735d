import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Measurement } from './measure.ts'

/** One contender in one cell, once. */
export interface Turn {
  /** The checkout whose worker measures: this one, or one of another version. */
  readonly checkout: string
  readonly cellId: string
  readonly contenderName: string
  /** The share of the cell's operations to do. */
  readonly share: number
  /** Where the process makes a folder of its own. */
  readonly folder: string
  /** Where the servers are. */
  readonly env: NodeJS.ProcessEnv
}

/** Measures in a process of its own. Undefined where the contender cannot do what the cell asks for. */
export function measureInChild(turn: Turn): Promise<Measurement | undefined> {
  const { checkout, cellId, contenderName, share, folder, env } = turn
  const child = fork(join(checkout, 'bench/src/worker.ts'), [cellId, contenderName, String(share), folder], {
    env: { ...process.env, ...env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    let measurement: Measurement | undefined
    let complaint = ''
    child.stderr?.on('data', text => {
      complaint = `${complaint}${text}`.slice(-2000)
    })
    child.on('message', message => {
      measurement = (message as { measurement?: Measurement }).measurement
    })
    child.on('error', reject)
    child.on('exit', code => (code === 0 ? resolve(measurement) : reject(new Error(lastError(complaint)))))
  })
}

function lastError(complaint: string): string {
  return complaint.split('\n').find(line => /Error/.test(line)) ?? 'the contender ended without a result'
}
