import { SingleBar } from 'cli-progress'
import { count, duration, size } from './for-people.ts'

/** How far something is. Totals are given where they are known, bytes before counts. */
export interface ProgressReport {
  count: number
  byteLength?: number | undefined
  totalCount?: number | undefined
  totalByteLength?: number | undefined
}

/** A bar on the terminal, with how fast it goes and, where the total is known, how long it still takes. */
export class ProgressBar {
  readonly #title: string
  readonly #startedMs = performance.now()
  #bar: SingleBar | undefined

  constructor(title: string) {
    this.#title = title
  }

  update(now: ProgressReport): void {
    const fraction = fractionOf(now)
    const text = this.#textOf(now, fraction)
    if (this.#bar !== undefined) return void this.#bar.update(fraction ?? 0, { text })
    const format = fraction === undefined ? '{text}' : '{bar}  {text}'
    // It cuts what is too long, and leaves the settings of the terminal alone: an interrupt has nothing to restore.
    const looks = { barsize: 24, barCompleteChar: '█', barIncompleteChar: '░', linewrap: true, clearOnComplete: true }
    this.#bar = new SingleBar({ stream: process.stderr, format, ...looks })
    this.#bar.start(1, fraction ?? 0, { text })
  }

  /** Makes room for a line; the next news draws the bar again. */
  clear(): void {
    this.#bar?.stop()
    this.#bar = undefined
  }

  stop(): void {
    this.clear()
  }

  #textOf(now: ProgressReport, fraction: number | undefined): string {
    const elapsedMs = performance.now() - this.#startedMs
    const parts = [this.#title, count(now.count, 'blob')]
    const { byteLength, totalByteLength } = now
    if (byteLength !== undefined) {
      const total = totalByteLength === undefined ? '' : ` of ${size(totalByteLength)}`
      parts.push(`${size(byteLength)}${total}`, `${size((byteLength / Math.max(elapsedMs, 1)) * 1000)}/s`)
    }
    if (fraction) parts.push(`${duration((elapsedMs / fraction) * (1 - fraction))} left`)
    return parts.join('  ')
  }
}

function fractionOf({ count, byteLength, totalCount, totalByteLength }: ProgressReport): number | undefined {
  if (byteLength !== undefined && totalByteLength) return Math.min(byteLength / totalByteLength, 1)
  return totalCount ? Math.min(count / totalCount, 1) : undefined
}
