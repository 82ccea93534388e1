/** Compares heads with one peer: takes its announcement when it knows more, learns whom else it knows. */
import { ArchiveClient, reasonOf, type Carrier, type HeadAnswer } from '@holdfast/network'

/** What a peer knows of one archive. */
export interface PeerKnowledge {
  head: HeadAnswer
  /** Multiaddrs of other mirrors that it told. */
  peers: string[]
}

/**
 * Asks one peer about one archive.
 *
 * @param known tag of the announcement held here, null for none
 * @param take judges and stores an announcement that differs from ours
 * @returns null when the peer does not know the archive
 * @throws NetworkError when it cannot be asked
 */
export async function syncHead(
  carrier: Carrier,
  address: string,
  known: string | null,
  take: (bytes: Uint8Array) => Promise<void>,
  signal: AbortSignal,
): Promise<PeerKnowledge | null> {
  const client = new ArchiveClient(carrier)
  const head = await client.head(address, {}, signal)
  if (head === null) return null
  if (head.verified !== null) {
    const answer = await client.announcement(address, known ?? undefined, signal)
    if (answer !== null && answer !== 'same') await take(answer.bytes)
  }
  return { head, peers: await client.peers(address, signal) }
}

/** Runs `syncHead` for several archives; one that fails does not keep the others. */
export async function syncHeads(
  addresses: readonly string[],
  one: (address: string) => Promise<void>,
  note: (line: string) => void,
): Promise<void> {
  for (const address of addresses) {
    try {
      await one(address)
    } catch (error) {
      note(reasonOf(error))
    }
  }
}
