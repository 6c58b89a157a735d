import { createHash } from 'node:crypto'
import type {
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
} from '@ai-sdk/provider'
import { type Experimental_DownloadFunction, generateText, type ModelMessage } from 'ai'
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test'

/** Of parts that are deprecated: they are tested on purpose. */
globalThis.AI_SDK_LOG_WARNINGS = false

export const answer: LanguageModelV4GenerateResult = {
  content: [{ type: 'text', text: 'ok' }],
  finishReason: { unified: 'stop', raw: undefined },
  usage: {
    inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: 1, text: 1, reasoning: undefined },
  },
  warnings: [],
}

/** What a model streams. */
export function streamOf(parts: LanguageModelV4StreamPart[]): LanguageModelV4StreamResult {
  const { usage } = answer
  const unified = parts.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop'
  const finish: LanguageModelV4StreamPart = { type: 'finish', finishReason: { unified, raw: undefined }, usage }
  return { stream: convertArrayToReadableStream([{ type: 'stream-start', warnings: [] }, ...parts, finish]) }
}

/** What a model is given for messages, after everything that the SDK does with them. */
export async function promptOf(messages: ModelMessage[], download?: Experimental_DownloadFunction): Promise<unknown> {
  const model = new MockLanguageModelV4({ doGenerate: answer })
  await generateText({ model, messages, maxRetries: 0, ...(download && { experimental_download: download }) })
  return comparable(model.doGenerateCalls[0]?.prompt)
}

/** With bytes, whether as an array or in base64, as hex. */
export function comparable(value: unknown): unknown {
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return hex(new Uint8Array(value))
  if (value instanceof URL) return value.href
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const isData = 'type' in value && value.type === 'data' && 'data' in value && typeof value.data === 'string'
  if (isData) return { type: 'data', data: hex(Buffer.from(value.data as string, 'base64')) }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, comparable(field)]))
}

/** Of many bytes, their digest. */
function hex(bytes: Uint8Array): string {
  if (bytes.byteLength < 1000) return `bytes ${Buffer.from(bytes).toString('hex')}`
  return `${bytes.byteLength} bytes ${createHash('sha256').update(bytes).digest('hex')}`
}
