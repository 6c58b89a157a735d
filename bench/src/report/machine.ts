import { cpus, release, totalmem, type } from 'node:os'

/** What the figures were measured on, without anything that tells whose machine it is. */
export interface Machine {
  node: string
  system: string
  cores: number
  processor: string
  memoryGiB: number
  date: string
}

export async function describeMachine(): Promise<Machine> {
  return {
    node: process.version,
    system: `${type()} ${release()}`,
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    date: new Date().toISOString().slice(0, 10),
  }
}
