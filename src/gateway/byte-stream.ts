/** Answers that come in pieces: nothing is made before the client takes it, and a failure cuts the answer off. */
import { STREAM_CHUNK_BYTES } from './limits.ts'

/** Says nothing of what happened: carriers may show it. */
class CutOff extends Error {
  override name = 'CutOff'
}

interface StreamOptions {
  /** Of the client: when it goes away, the source is closed. */
  signal: AbortSignal
  /** Told what went wrong, since the client is not. */
  report: (cause: unknown) => void
}

/**
 * @param source is asked for the next piece only when the client takes it; closed when the client goes away
 * @returns a stream that ends in an error where the source does, so that no client takes a part for the whole
 */
export function byteStream(
  source: AsyncGenerator<Uint8Array>,
  { signal, report }: StreamOptions,
): ReadableStream<Uint8Array> {
  const chunks = gathered(source)
  signal.addEventListener('abort', () => void chunks.return(undefined), { once: true })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          if (signal.aborted) controller.error(new CutOff('the client is gone'))
          else if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          report(error)
          controller.error(new CutOff('the answer could not be completed'))
        }
      },
      async cancel() {
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Small pieces are joined; large ones are passed on as they are. What came before a failure comes out before it. */
async function* gathered(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let pieces: Uint8Array[] = []
  let length = 0
  let failure: { cause: unknown } | null = null
  try {
    for await (const piece of source) {
      if (length > 0 && length + piece.length > STREAM_CHUNK_BYTES) {
        yield joined(pieces, length)
        pieces = []
        length = 0
      }
      pieces.push(piece)
      length += piece.length
    }
  } catch (cause) {
    failure = { cause }
  }
  if (length > 0) yield joined(pieces, length)
  if (failure !== null) throw failure.cause
}

function joined(pieces: Uint8Array[], length: number): Uint8Array {
  const [first] = pieces
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, length)
}
