/** Flags that the commands of a maintainer share. */
import { FLAG_ARCHIVE, FLAG_KEY, FLAG_PASSPHRASE_FILE, type Flag } from '../flags.ts'

export const FLAG_TO: Flag = {
  name: 'to',
  type: 'string',
  multiple: true,
  value: 'HINT',
  help: 'a mirror to hand it to, beside those known (repeatable)',
}
export const FLAG_WAIT: Flag = {
  name: 'wait',
  type: 'string',
  value: 'N',
  help: 'wait until N mirrors hold all of it (1; 0 does not wait)',
}
export const FLAG_UNSEEN: Flag = {
  name: 'unseen',
  type: 'boolean',
  help: 'sign although no mirror can say whether a newer release exists',
}
export const FLAG_HIDDEN: Flag = {
  name: 'hidden',
  type: 'boolean',
  help: 'also take names that begin with a dot, which may tell names and addresses of people',
}
export const FLAG_OUTPUT: Flag = {
  name: 'output',
  type: 'string',
  short: 'o',
  value: 'FILE',
  help: 'where the proposal is written',
}
export const FLAG_YES: Flag = { name: 'yes', type: 'boolean', help: 'answer every question with yes' }

/** For what signs and sends. */
export const SIGNING_FLAGS: readonly Flag[] = [FLAG_ARCHIVE, FLAG_KEY, FLAG_TO, FLAG_UNSEEN, FLAG_PASSPHRASE_FILE]
