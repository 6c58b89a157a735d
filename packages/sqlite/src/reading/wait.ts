/**
 * Does the work. Returns how long it waited: for a disk or a lock, and not for a processor, which other work of this
 * process or of others may have. In milliseconds; 0 if most of the time went by on a processor.
 */
export function waitOf(work: () => void): number {
  const cpu = cpuUsage()
  const started = performance.now()
  work()
  const elapsed = performance.now() - started
  const { user, system } = cpuUsage(cpu)
  const wait = elapsed - (user + system) / 1000
  return wait > elapsed / 2 ? wait : 0
}

/** Of this thread; before Node 23.9 of the process, so that a wait beside busy threads goes unnoticed. */
function cpuUsage(since?: NodeJS.CpuUsage): NodeJS.CpuUsage {
  return process.threadCpuUsage?.(since) ?? process.cpuUsage(since)
}
