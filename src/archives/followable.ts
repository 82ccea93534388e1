/** What can be followed: a link, or the bare address of an archive. */
import { parseAddress, parseLink, type Link } from '@holdfast/release'
import { usageError } from '../settings.ts'

/**
 * @param text as typed
 * @throws CommandError saying what is wrong with it
 */
export function parseFollowable(text: string): Link {
  const address = parseAddress(text)
  if (address !== null) return { address, path: '', hints: [] }
  const parsed = parseLink(text)
  if (!parsed.ok)
    throw usageError(`This is not a link: ${parsed.reason}`, 'Copy the whole link, from "holdfast:" to its end.')
  return parsed.link
}
