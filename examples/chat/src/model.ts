import { createOpenAI } from '@ai-sdk/openai'
import type { LanguageModel, UIMessage } from 'ai'
import { mockModel } from './mock-model.ts'

/** OpenAI's when its key is in the environment; else a mock, which needs neither key nor network. */
export function chooseModel(env: NodeJS.ProcessEnv = process.env): LanguageModel {
  if (!env.OPENAI_API_KEY) return mockModel()
  return createOpenAI({ apiKey: env.OPENAI_API_KEY })(env.OPENAI_MODEL ?? 'gpt-5-mini')
}

const taken = /^(?:image\/(?:png|jpeg|gif|webp)|application\/pdf)$/
const largest = 20_000_000

/**
 * The message as a model can take it. Providers refuse a whole request for one file of another type, or of too many
 * bytes; of such a file the model learns the name. The bytes of the others are read when the request is made.
 */
export function withinReach(message: UIMessage): UIMessage {
  const parts = message.parts.map((part): UIMessage['parts'][number] => {
    if (part.type !== 'file') return part
    const byteLength = Number(new URL(part.url).searchParams.get('bytes'))
    if (taken.test(part.mediaType) && byteLength <= largest) return part
    return { type: 'text', text: `[a file that you cannot open: ${part.filename ?? 'unnamed'}, ${part.mediaType}]` }
  })
  return { ...message, parts }
}
