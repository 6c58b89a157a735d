export interface Interruption {
  /** Aborts when the command is to end. */
  readonly signal: AbortSignal
  /** When everything is put away: ends the process by the signal that asked for it, as its parent expects. */
  end(): void
}

/** Hears of what is to end a command. Once: who asks again, while everything is put away, ends the process at once. */
export function interruption(): Interruption {
  const controller = new AbortController()
  let asked: NodeJS.Signals | undefined
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      asked ??= name
      controller.abort(new Error(`ended by ${name}`))
    })
  }
  process.stdout.on('error', error => controller.abort(error))
  return {
    signal: controller.signal,
    end() {
      if (asked !== undefined) process.kill(process.pid, asked)
    },
  }
}
