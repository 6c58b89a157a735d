import type { Findings } from './findings.ts'
import type { Step } from './steps.ts'

/** How far a recorded process has come, and so what a power cut may leave. */
export class Progress {
  readonly #steps: ReadonlyMap<string, Step>
  readonly #settled = new Map<string, string>()
  #current: Step | undefined

  constructor(steps: readonly Step[]) {
    this.#steps = new Map(steps.map(step => [step.name, step]))
  }

  /** Takes a mark that the process has printed. */
  mark(text: string): void {
    const step = this.#steps.get(text.replace(/^(begun|done) /, ''))
    if (step === undefined) throw new Error(`not a step: ${text}`)
    this.#current = text.startsWith('begun ') ? step : undefined
    if (this.#current === undefined)
      for (const [fact, value] of Object.entries(step.effects)) this.#settled.set(fact, value)
  }

  /** The findings that must not be there. */
  problems(findings: Findings): string[] {
    const problems: string[] = []
    if (findings.get('database') !== 'ok') problems.push(`the database: ${findings.get('database')}`)
    for (const [fact, found] of findings) {
      if (fact === 'database') continue
      const allowed = [this.#before(fact), this.#after(fact)]
      if (!allowed.includes(found)) problems.push(`${fact}: ${found} instead of ${[...new Set(allowed)].join(' or ')}`)
    }
    if (problems.length === 0 && this.#current?.atomic && this.#isInPart(this.#current, findings)) {
      problems.push(`${this.#current.name}: done in part`)
    }
    return problems.map(problem => (this.#current === undefined ? problem : `during ${this.#current.name}: ${problem}`))
  }

  #isInPart({ effects }: Step, findings: Findings): boolean {
    const changing = Object.keys(effects).filter(fact => this.#before(fact) !== this.#after(fact))
    const changed = changing.filter(fact => findings.get(fact) === this.#after(fact))
    return changed.length > 0 && changed.length < changing.length
  }

  #before(fact: string): string {
    return this.#settled.get(fact) ?? (fact.startsWith('bytes ') ? 'absent' : 'none')
  }

  #after(fact: string): string {
    return (this.#current?.effects as Record<string, string> | undefined)?.[fact] ?? this.#before(fact)
  }
}
