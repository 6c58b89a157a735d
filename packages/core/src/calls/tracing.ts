import type { TracingChannel } from 'node:diagnostics_channel'
import type { AttachmentEvents } from '../events.ts'
import type { AttachmentStream } from '../store/store.ts'
import { loaded } from './load.ts'

// Looked up here, and not imported, so that core loads and bundles where there is no such module, too.
const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
const channels: { [name: string]: TracingChannel | undefined } = {}

/** What reads the streams of drivers. */
export const streamReading: () => Promise<typeof import('../reading/stream-reading.ts')> = loaded(
  () => import('../reading/stream-reading.ts'),
)

// The same in every copy of core that a process has.
const mark = Symbol.for('lash-attachments')

/** To be spread into the options of a call that is part of one which is told of already. */
export const toldOf: object = { [mark]: true }

/** Runs a call with the given options. When somebody listens, and is not told of the call already, tells of it. */
export function traced<Name extends keyof AttachmentEvents, T>(
  name: Name,
  options: object,
  event: AttachmentEvents[Name],
  call: () => Promise<T>,
  tell = (channel: TracingChannel): Promise<T> => channel.tracePromise(call, event),
): Promise<T> {
  channels[name] ??= diagnostics?.tracingChannel(`lash-attachments:${name}`)
  const channel = channels[name]
  // Bun does not say it of the five together.
  const isHeard = channel && (channel.hasSubscribers ?? Object.values(channel).some(one => one.hasSubscribers))
  return isHeard && !(mark in options) ? tell(channel) : call()
}

/** As {@link traced}, until the body has ended. */
export function tracedStream(
  options: object,
  event: AttachmentEvents['get'],
  call: () => Promise<AttachmentStream>,
): Promise<AttachmentStream> {
  return traced('get', options, event, call, channel =>
    streamReading().then(({ watched }) => watched(channel, event, call)),
  )
}
