const tasks = new Set<() => void>()
let armed = false

/**
 * Has the task run when the process ends, also by Ctrl-C or a polite kill. The last one added runs first.
 * @returns what runs the task now instead, if it has not run.
 */
export function runAtExit(task: () => void): () => void {
  arm()
  tasks.add(task)
  return () => {
    if (tasks.delete(task)) task()
  }
}

function arm(): void {
  if (armed) return
  armed = true
  process.once('exit', runTasks)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // With the handler gone, the signal sent again ends the process the way its parent expects.
    process.once(signal, () => {
      runTasks()
      process.kill(process.pid, signal)
    })
  }
}

function runTasks(): void {
  for (const task of [...tasks].toReversed()) {
    tasks.delete(task)
    task()
  }
}
