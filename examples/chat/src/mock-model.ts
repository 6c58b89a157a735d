import { simulateReadableStream } from 'ai'
import { MockLanguageModelV4 } from 'ai/test'
import prettyBytes from 'pretty-bytes'

type Options = Parameters<MockLanguageModelV4['doStream']>[0]
type Part = Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'] extends ReadableStream<infer P> ? P : never
type Message = Options['prompt'][number]
type FilePart = Extract<Extract<Message, { role: 'user' }>['content'][number], { type: 'file' }>

const usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
}

/**
 * Answers without a network. It says which files it was given and how many bytes each has, so that one sees what goes
 * to a model; and it calls the tool when it is asked to draw.
 */
export function mockModel(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    modelId: 'a mock',
    doStream: async ({ prompt }) => ({
      stream: simulateReadableStream({ chunks: [...answerTo(prompt)], chunkDelayInMs: 12 }),
    }),
  })
}

function* answerTo(prompt: Options['prompt']): Generator<Part> {
  yield { type: 'stream-start', warnings: [] }
  const last = prompt.at(-1)
  const subject = last?.role === 'user' ? subjectIn(textOf(last)) : undefined
  if (subject === undefined) {
    yield* spoken(last?.role === 'tool' ? aboutPicture(last) : aboutFiles(last))
  } else {
    const call = { toolCallId: crypto.randomUUID(), toolName: 'drawPicture', input: JSON.stringify({ subject }) }
    yield { type: 'tool-call', ...call }
  }
  const reason = subject === undefined ? 'stop' : 'tool-calls'
  yield { type: 'finish', usage, finishReason: { unified: reason, raw: undefined } }
}

function* spoken(text: string): Generator<Part> {
  yield { type: 'text-start', id: 'text' }
  for (const delta of text.match(/\S+\s*/g) ?? []) yield { type: 'text-delta', id: 'text', delta }
  yield { type: 'text-end', id: 'text' }
}

/** What to draw, if the text asks for that. */
function subjectIn(text: string): string | undefined {
  return /\b(?:draw|paint|sketch)\s+(?:me\s+)?(.*?)[.!?\s]*$/is.exec(text)?.[1]
}

function aboutFiles(message: Message | undefined): string {
  if (message?.role !== 'user') return 'I have nothing to add.'
  const files = message.content.filter(part => part.type === 'file').map(described)
  const names = message.content.flatMap(part =>
    part.type === 'text' ? (/^\[.*: (.*), .*]$/.exec(part.text)?.[1] ?? []) : [],
  )
  if (files.length + names.length === 0)
    return 'Attach a file, and I say what I was given. Or: draw a lake in the evening.'
  const given = files.length === 0 ? [] : [`I was given ${files.join(', ')}.`]
  const told = names.length === 0 ? [] : [`Named, but not given: ${names.join(', ')}.`]
  return [...given, ...told].join(' ')
}

function aboutPicture(message: Extract<Message, { role: 'tool' }>): string {
  const pictures = message.content.flatMap(part =>
    part.type === 'tool-result' && part.output.type === 'content'
      ? part.output.value.filter(value => value.type === 'file')
      : [],
  )
  if (pictures.length === 0) return 'The tool gave me no picture.'
  return `Here it is. The tool gave me ${pictures.map(described).join(', ')}.`
}

function described({ mediaType, filename, data }: Pick<FilePart, 'mediaType' | 'filename' | 'data'>): string {
  const length = data.type === 'data' ? Buffer.from(data.data as string, 'base64').length : 0
  return `${filename ?? 'a picture'} (${mediaType}, ${prettyBytes(length)})`
}

function textOf(message: Extract<Message, { role: 'user' }>): string {
  return message.content.map(part => (part.type === 'text' ? part.text : '')).join(' ')
}
