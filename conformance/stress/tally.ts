/** What a stress run counts. The last three must be 0. */
export class Tally {
  readonly counts: Record<string, number> = {
    puts: 0,
    commits: 0,
    'commits refused (put again)': 0,
    'host transactions committed': 0,
    'host transactions rolled back': 0,
    'outcomes found out after a lost connection': 0,
    releases: 0,
    drafts: 0,
    adoptions: 0,
    forks: 0,
    'committed refs read and verified': 0,
    sweeps: 0,
    'sweeps stalled or abandoned': 0,
    audits: 0,
    'copies reclaimed': 0,
    restarts: 0,
    'calls failed by a restart': 0,
    'committed refs unreadable': 0,
    'committed on missing bytes': 0,
    'other violations': 0,
  }
  readonly violations: string[] = []

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by
  }

  violation(kind: 'committed refs unreadable' | 'committed on missing bytes' | 'other violations', what: string): void {
    this.count(kind)
    this.violations.push(`${kind}: ${what}`)
  }

  /** Commits that were lost, and commits of bytes that were not there. */
  get losses(): number {
    return (this.counts['committed refs unreadable'] ?? 0) + (this.counts['committed on missing bytes'] ?? 0)
  }

  table(): string {
    const width = Math.max(...Object.keys(this.counts).map(name => name.length))
    return Object.entries(this.counts)
      .map(([name, count]) => `${name.padEnd(width)}  ${String(count).padStart(9)}`)
      .join('\n')
  }
}
