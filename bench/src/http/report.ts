import { loadavg } from 'node:os'
import { markdownTable } from 'markdown-table'
import { median } from '../measure/statistics.ts'
import type { Machine } from '../report/machine.ts'
import type { HttpCell } from './cells.ts'
import type { HttpMeasurement } from './client.ts'
import type { HttpContender } from './contenders.ts'

/** All that one contender did in one cell. */
export interface HttpSample {
  readonly contender: HttpContender
  readonly measurements: HttpMeasurement[]
  failure: string | undefined
}

export interface HttpResult {
  readonly cell: HttpCell
  readonly samples: readonly HttpSample[]
}

/** The machine and how busy it was: of so few processors, other work takes much. */
export function headOf(machine: Machine): string {
  const load = loadavg().map(value => value.toFixed(1))
  return `Node ${machine.node}, ${machine.system}, ${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.date}; load ${load.join(', ')}.`
}

/** The contenders in one cell: medians over the rounds, and of memory the most. */
export function tableOf({ cell, samples }: HttpResult): string {
  const [speed, cost] = cell.isSmall ? ['requests/s', 'CPU us/request'] : ['MB/s', 'CPU ms/MB']
  const head = ['contender', 'survives', 'bytes', speed, cost, 'peak MiB']
  const lines = samples.map(sample => {
    const { name, survives, notes, role } = sample.contender
    const figures =
      sample.measurements.length === 0
        ? [sample.failure ?? 'not measured', '-', '-']
        : [figure(speedOf(cell, sample)), figure(costOf(cell, sample)), peakOf(sample).toFixed(0)]
    return [
      role === 'ours' ? `**${name}**` : role === 'floor' ? `(${name})` : name,
      survives,
      notes[cell.direction],
      ...figures,
    ]
  })
  return `### ${cell.name}\n\n${markdownTable([head, ...lines], { align: ['l', 'l', 'l', 'r', 'r', 'r'] })}\n`
}

/** How fast each of ours was, as ratios to the fastest peer and to the floor in the same server. */
export function ratiosOf(results: readonly HttpResult[]): string {
  const names = [
    ...new Set(
      results.flatMap(({ samples }) =>
        samples.flatMap(({ contender: { role, name } }) => (role === 'ours' ? name : [])),
      ),
    ),
  ]
  const lines = results.map(result => [
    result.cell.name,
    ...names.map(name => {
      const ours = result.samples.find(({ contender }) => contender.name === name)
      return ours === undefined || ours.measurements.length === 0 ? '-' : ratioOf(ours, result)
    }),
  ])
  return markdownTable([['to the best peer / to the floor', ...names], ...lines])
}

function ratioOf(ours: HttpSample, { cell, samples }: HttpResult): string {
  const fastest = (role: 'peer' | 'floor') =>
    Math.max(
      ...samples
        .filter(({ contender, measurements }) => contender.role === role && measurements.length > 0)
        .filter(({ contender }) => role === 'peer' || contender.server === ours.contender.server)
        .map(sample => speedOf(cell, sample)),
    )
  const text = (other: number) => (other > 0 ? (speedOf(cell, ours) / other).toFixed(2) : '-')
  return `${text(fastest('peer'))} / ${text(fastest('floor'))}`
}

/** What took more memory than is promised of ours. */
export function excessesOf(results: readonly HttpResult[]): string[] {
  return results.flatMap(({ cell: { name, promisedMiB = Number.POSITIVE_INFINITY }, samples }) =>
    samples
      .filter(sample => sample.contender.role === 'ours' && peakOf(sample) > promisedMiB)
      .map(
        sample => `${name}: ${sample.contender.name} had ${peakOf(sample).toFixed(0)} MiB (${promisedMiB} promised)`,
      ),
  )
}

/** Requests, or megabytes, a second. */
function speedOf({ isSmall, requests, byteLength }: HttpCell, { measurements }: HttpSample): number {
  return ((isSmall ? 1 : byteLength / 1e6) * requests) / median(measurements.map(({ seconds }) => seconds))
}

/** Processor time of the server: microseconds a request, or milliseconds a megabyte. */
function costOf({ isSmall, requests, byteLength }: HttpCell, { measurements }: HttpSample): number {
  const seconds = median(measurements.map(({ cpuSeconds }) => cpuSeconds)) / requests
  return isSmall ? seconds * 1e6 : (seconds * 1e3) / (byteLength / 1e6)
}

function peakOf({ measurements }: HttpSample): number {
  return Math.max(0, ...measurements.map(({ peakMiB }) => peakMiB))
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
