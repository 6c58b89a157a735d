/** The clock of a manifest, which a case can set. */
export class SettableClock {
  #setTo: number | undefined
  readonly now = (): number => this.#setTo ?? Date.now()
  readonly set = (epochMs: number): void => {
    this.#setTo = epochMs
  }
}
