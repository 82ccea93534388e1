/** One question before something that cannot be taken back. */
import { createInterface } from 'node:readline/promises'
import type { CommandContext } from './command.ts'
import { CommandError, EXIT } from './failure.ts'

/**
 * Asks on the terminal; `--yes` answers.
 *
 * @throws CommandError (6) when the answer is not yes, or nobody can be asked
 */
export async function confirm({ settings, signal }: CommandContext, question: string): Promise<void> {
  if (settings.isSet('yes')) return
  if (!process.stdin.isTTY) {
    throw new CommandError(
      EXIT.refused,
      'unanswered',
      `Nobody is there to answer: ${question}`,
      'Read what is shown above, then add --yes.',
    )
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await asking.question(`${question} [y/N] `, { signal })
    if (!/^y(?:es)?$/i.test(answer.trim()))
      throw new CommandError(EXIT.refused, 'declined', 'Nothing was done.', 'Run it again to decide otherwise.')
  } finally {
    asking.close()
  }
}
